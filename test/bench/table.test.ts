import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rowsOf } from '../../bench/figures.ts';
import { asMarkdown, asText, caseTable } from '../../bench/table.ts';

const rows = rowsOf(
  [
    {
      case: 'c',
      peer: 'direct',
      round: 1,
      perSecond: 98_765,
      p50: 0.1,
      p99: 1,
      p999: 2,
      bad: 0,
    },
    ...[10, 14].map((cpu, i) => ({
      case: 'c',
      peer: 'nginx',
      round: i + 1,
      perSecond: 20_000,
      cpu,
      rss: 9_400_000,
      p50: 0.2,
      p99: 1,
      p999: 2,
      bad: 0,
    })),
    ...[30, 28].map((cpu, i) => ({
      case: 'c',
      peer: 'sluice',
      round: i + 1,
      perSecond: 10_000,
      cpu,
      rss: 60_000_000,
      p50: 0.3,
      p99: 1,
      p999: 2,
      bad: i,
    })),
  ],
  ['nginx', 'http-proxy'],
);

it('text: names to the left, figures to the right, no column for what nobody has', () => {
  assert.equal(
    asText(caseTable(rows, ['nginx', 'http-proxy'])),
    [
      'peer    per second       CPU µs each           × nginx  p50 ms  p99 ms  p99.9 ms  RSS MB',
      'direct      98,765                                        0.10    1.00      2.00',
      'nginx       20,000  12.0 (10.0–14.0)                      0.20    1.00      2.00       9',
      'sluice      10,000  29.0 (28.0–30.0)  2.50 (2.00–3.00)    0.30    1.00      2.00      60  1 bad answer',
    ].join('\n'),
  );
});

it('Markdown: with one to compare with, also the difference', () => {
  const page = asMarkdown(caseTable(rows, ['nginx']));
  const [head, rule, , , sluice] = page.split('\n');
  assert.equal(
    head,
    '| peer | per second | CPU µs each | × nginx | µs more | p50 ms | p99 ms | p99.9 ms | RSS MB |  |',
  );
  assert.equal(rule, '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |');
  assert.match(sluice ?? '', /\| 2\.50 \(2\.00–3\.00\) \| 17\.0 \(14\.0–20\.0\) \|.*\| 1 bad answer \|$/);
});
