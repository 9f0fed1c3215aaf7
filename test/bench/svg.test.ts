import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rowsOf } from '../../bench/figures.ts';
import { chart } from '../../bench/svg.ts';

const row = (peer: string, cpus: readonly number[]) =>
  rowsOf(
    cpus.map((cpu, i) => ({
      case: 'c',
      peer,
      round: i,
      perSecond: 1,
      ...(cpu > 0 ? { cpu } : {}),
      p50: 1,
      p99: 1,
      p999: 1,
      bad: 0,
    })),
    [],
  );

it('bars are as long as their medians, each panel on its own scale, the direct way has none', () => {
  const drawing = chart([
    { title: 'a < b', rows: [...row('direct', [0]), ...row('nginx', [10]), ...row('sluice', [20, 20])] },
    { title: 'big', rows: row('sluice', [4_000]) },
  ]);
  const widths = [...drawing.matchAll(/<rect class="([^"]+)" .* width="([\d.]+)"/g)].map(
    ([, name, width]) => [name, Number(width)],
  );
  const [nginx, ours, big] = widths.map(([, width]) => Number(width));
  assert.deepEqual(
    widths.map(([name]) => name),
    ['bar', 'bar ours', 'bar ours'],
  );
  assert.equal(ours, Number(nginx) * 2);
  assert.equal(big, ours);
  assert.match(drawing, />a &lt; b</);
  assert.match(drawing, />4000\.0</);
  assert.doesNotMatch(drawing, />direct</);
});
