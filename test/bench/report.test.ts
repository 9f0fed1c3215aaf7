import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flaws, type Report, reportMarkdown, reportText } from '../../bench/report.ts';

const measurement = {
  case: 'get-64',
  peer: 'nginx',
  round: 1,
  perSecond: 1_000,
  cpu: 10,
  rss: 1e6,
  p50: 1,
  p99: 2,
  p999: 3,
  bad: 0,
};
const report: Report = {
  machine: { date: '2026-01-02T03:04:05Z', cores: 2, cpu: 'Some CPU', kernel: '6.1', node: 'v20', load: 0.1 },
  rounds: 5,
  seconds: 3,
  peers: [
    { name: 'nginx', about: 'one worker', version: '1.22.1' },
    { name: 'envoy', about: 'one thread', version: '', missing: 'not on PATH' },
  ],
  measurements: [measurement, { ...measurement, peer: 'sluice', cpu: 25 }],
  idle: [{ peer: 'nginx', connections: 10_000, before: 20e6, after: 26e6, closed: 0 }],
  failures: [],
};

it('text: figures, who is missing and why, the machine', () => {
  const text = reportText(report);
  assert.match(text, /^get-64: GET, 128 bytes, 64 connections; latency at 2,000 a second$/m);
  assert.match(text, /^sluice +1,000 +25\.0 +2\.50 /m);
  assert.match(text, /^nginx +10,000 +20 +26 +6 +0\.6$/m);
  assert.match(text, /^not measured: envoy: not on PATH$/m);
  assert.match(text, /^2026-01-02, 2 × Some CPU, Linux 6\.1, Node v20, load 0\.10 before; 5 rounds of 3 s$/m);
});

it('Markdown: the same as tables, and how each peer was set up', () => {
  const page = reportMarkdown(report);
  assert.match(page, /^### get-64: .*\n\n\| peer \| per second \|/m);
  assert.match(page, /^\| sluice \| 1,000 \| 25\.0 \| 2\.50 \|/m);
  assert.match(page, /^Peers: nginx 1\.22\.1 \(one worker\)\.$/m);
});

describe('what a run fails for', () => {
  const table: [string, Partial<Report>, string[]][] = [
    ['nothing', {}, []],
    ['a bad answer', { measurements: [{ ...measurement, bad: 1 }] }, ['get-64, nginx: 1 bad answer']],
    [
      'idle connections that were closed',
      { idle: [{ peer: 'caddy', connections: 10, before: 1, after: 2, closed: 3 }] },
      ['idle, caddy: 3 connections closed by the peer'],
    ],
    [
      'a peer that failed',
      { failures: [{ case: 'get-1m', peer: 'envoy', reason: 'it ended' }] },
      ['get-1m, envoy: it ended'],
    ],
    ['no figures at all', { measurements: [], idle: [] }, ['nothing was measured']],
  ];
  for (const [name, part, expected] of table) {
    it(name, () => {
      const bad = { ...report, ...part };
      assert.deepEqual(flaws(bad), expected);
      for (const flaw of expected) assert.ok(reportText(bad).includes(`FAILED: ${flaw}`), flaw);
    });
  }
});
