import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Where } from '../../src/core/model/where.ts';
import { Tally } from '../../src/proxy/tally.ts';

it('a thousand versions that come and go leave nothing behind, and those that stay are counted on', () => {
  const tally = new Tally<'answered' | 'failed'>();
  const stays = new Where('/*', 'stays', 'v1');
  const nobody = new Where('/*', 'empty', '');
  for (let n = 0; n < 1_000; n++) {
    tally.add(stays, 'answered');
    tally.add(nobody, 'failed');
    tally.add(new Where('/*', `service-${n}`, 'v1'), 'answered');
    tally.add(new Where('/*', 'stays', `v${n + 2}`), 'failed');
  }
  assert.equal([...tally].length, 2_002);
  tally.retain((service, version) => service === 'stays' && version === 'v1');
  tally.add(stays, 'answered');
  assert.deepEqual(
    [...tally].map(({ service, version, result, count }) => [service, version, result, count]),
    [
      ['stays', 'v1', 'answered', 1_001],
      ['empty', '', 'failed', 1_000],
    ],
  );
});
