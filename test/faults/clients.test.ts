import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS } from '../../src/core/errors.ts';
import { rawClient } from '../proxy/support/raw.ts';
import { eventually } from '../support/wait.ts';
import { CLIENT_FAULTS, TIMEOUTS } from './clients.ts';
import { startHop } from './support/hop.ts';
import { healthy } from './support/instances.ts';

describe('a fault of the caller', { concurrency: 4 }, () => {
  for (const { fault, instance: open, play, sees, recorded, reaches } of CLIENT_FAULTS) {
    it(`${fault}: ${recorded.status} is recorded, nobody is blamed, and nothing is left behind`, async t => {
      const instance = await open(t);
      const other = await healthy(t);
      const { port, ended, proxy, blamed } = await startHop(t, [instance.port, other.port], TIMEOUTS);
      const client = await rawClient(t, port);
      await play(client, instance);
      if (sees !== undefined) {
        const answer = await client.untilOver();
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${ERRORS[sees].status} [\\s\\S]*"code":"${sees}"`));
      }
      const { end, attempts } = await ended();
      const { status, error, cut } = end;
      assert.deepEqual({ status, error, cut }, { error: undefined, cut: undefined, ...recorded });
      assert.equal(attempts.length, reaches ? 1 : 0);
      for (const attempt of attempts) assert.equal(attempt.end?.clientLeft, true);
      assert.deepEqual(blamed, []);
      assert.equal(other.requests(), 0);
      await eventually(() => instance.inUse() === 0 && proxy.figures().requests === 0, {
        within: 2_000,
        hint: 'the attempt is aborted',
      });
    });
  }
});
