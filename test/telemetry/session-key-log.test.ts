import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DEFAULT_STICKY_KEY } from '../../src/core/decide/picking.ts';
import type { Rule } from '../../src/core/model/rule.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { createSessionKeyLog } from '../../src/telemetry/session-key-log.ts';

const plain: Rule = {
  id: '/a/*',
  match: { kind: 'prefix', path: '/a' },
  origin: { from: 'tags', service: 'a', createIndex: 1 },
  backends: [],
};
const keeping: Rule = { ...plain, id: '/s/*', session: { by: 'cookie', name: 's', scope: 's' } };

const toldOf = (key: string, ...swaps: readonly (readonly Rule[])[]): unknown[] => {
  const routes: unknown[] = [];
  const told = createSessionKeyLog(key, {
    ...silentLog,
    warn: (what: string | Readonly<Record<string, unknown>>) =>
      void routes.push(typeof what === 'string' ? what : what.route),
  });
  for (const rules of swaps) told(rules);
  return routes;
};

it('warns once of sessions that are signed with the key that everybody knows', () =>
  assert.deepEqual(toldOf(DEFAULT_STICKY_KEY, [plain], [plain, keeping], [keeping]), ['/s/*']));
it('says nothing where there are no sessions', () =>
  assert.deepEqual(toldOf(DEFAULT_STICKY_KEY, [plain], [plain]), []));
it('says nothing of a key of one’s own', () => assert.deepEqual(toldOf('secret', [keeping]), []));
