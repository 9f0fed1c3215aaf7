import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import type { AccessLogEntry } from '../../src/telemetry/access-line.ts';
import { createAccessLog } from '../../src/telemetry/access-log.ts';
import { eventually } from '../support/wait.ts';

const ENTRY: AccessLogEntry = {
  time: Date.parse('2026-01-01T00:00:00.000Z'),
  hop: 'gateway',
  requestId: 'r-1',
  method: 'GET',
  host: 'shop.example.com',
  path: '/orders',
  status: 200,
  attempts: 1,
  durationMs: 1,
  received: 0,
  sent: 0,
  clientAddress: '10.0.0.1',
};

const collector = () => {
  const written: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString());
      done();
    },
  });
  return { stream, lines: () => written.join('').split('\n').slice(0, -1) };
};

describe('the access log', () => {
  it('writes one JSON line a request, without the fields that do not apply', async () => {
    const { stream, lines } = collector();
    const log = createAccessLog({ mode: 'on', destination: stream });
    log.write({ ...ENTRY, path: '/a\n{"forged": "line"}', error: undefined });
    log.write(ENTRY);
    await log.close();
    assert.equal(lines().length, 2);
    assert.deepEqual(JSON.parse(lines()[0] ?? ''), {
      ...ENTRY,
      time: '2026-01-01T00:00:00.000Z',
      path: '/a\n{"forged": "line"}',
    });
    assert.deepEqual(log.counts(), { written: 2, dropped: 0 });
  });

  it('comes out without being closed', async () => {
    const { stream, lines } = collector();
    const log = createAccessLog({ mode: 'on', destination: stream });
    log.write(ENTRY);
    await eventually(() => lines().length === 1, { within: 2000, hint: 'the line' });
  });

  const modes: [string, Parameters<typeof createAccessLog>[0]['mode'], number, [number, boolean][]][] = [
    [
      'on',
      'on',
      0.99,
      [
        [200, true],
        [503, true],
      ],
    ],
    [
      'off',
      'off',
      0,
      [
        [200, false],
        [503, false],
      ],
    ],
    ['sampled in', { share: 0.1 }, 0.09, [[200, true]]],
    [
      'sampled out, errors kept',
      { share: 0.1 },
      0.1,
      [
        [200, false],
        [404, false],
        [500, true],
        [504, true],
      ],
    ],
    [
      'only errors',
      { share: 0 },
      0,
      [
        [200, false],
        [499, false],
        [502, true],
      ],
    ],
  ];
  for (const [name, mode, roll, expected] of modes) {
    it(`${name}: wants ${expected.filter(([, wanted]) => wanted).map(([status]) => status)}`, () => {
      const log = createAccessLog({ mode, chance: () => roll, destination: collector().stream });
      for (const [status, wanted] of expected) assert.equal(log.wants(status), wanted, String(status));
    });
  }

  it('drops and counts lines while nobody reads, and closes in time', async () => {
    const stalled = new Writable({ write: () => {} });
    const log = createAccessLog({ mode: 'on', destination: stalled, maxBuffered: 100_000 });
    const total = 10_000;
    for (let i = 0; i < total; i++) log.write(ENTRY);
    const begun = performance.now();
    await log.close(50);
    assert.ok(performance.now() - begun < 1000);
    const { written, dropped } = log.counts();
    assert.equal(written + dropped, total);
    assert.ok(dropped > total / 2, `${dropped} dropped`);
    assert.ok(stalled.writableLength < 100_000 + 2 * 32_768, `${stalled.writableLength} bytes kept`);
  });

  it('shared with other processes: whole lines in writes that a pipe takes whole, also those that waited', async () => {
    const sizes: number[] = [];
    let release = (): void => {};
    const take = (chunk: Buffer): void => {
      // That is how the end of what was written is awaited.
      if (chunk.length === 0) return;
      assert.equal(chunk.at(-1), 0x0a, 'a line was torn');
      sizes.push(chunk.length);
    };
    const slow = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        take(chunk);
        if (sizes.length === 1) release = done;
        else done();
      },
      writev: (chunks, done) => {
        take(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
        done();
      },
    });
    const log = createAccessLog({ mode: 'on', destination: slow, shared: true });
    for (let i = 0; i < 200; i++) log.write({ ...ENTRY, path: `/ä${i}` });
    release();
    await log.close(1_000);
    assert.equal(log.counts().written, 200);
    assert.ok(sizes.length > 10 && sizes.every(size => size <= 4_096), `${sizes}`);
  });

  it('counts what a reader that left did not get, and throws nothing', async () => {
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    const log = createAccessLog({ mode: 'on', destination: broken });
    const closed = new Promise(resolve => broken.once('close', resolve));
    for (let i = 0; i < 300; i++) log.write(ENTRY);
    await closed;
    log.write(ENTRY);
    await log.close(50);
    assert.ok(log.counts().dropped > 0);
  });

  it('never keeps the process from going on or ending while stdout is a pipe that nobody reads', async () => {
    const program = `
      import { createAccessLog } from './src/telemetry/access-log.ts';
      const log = createAccessLog({ mode: 'on', maxBuffered: 200000 });
      for (let i = 0; i < 20000; i++) log.write(${JSON.stringify(ENTRY)});
      await log.close(50);
      process.stderr.write(JSON.stringify(log.counts()));
      process.exit(0);
    `;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', text => {
      said += text;
    });
    const deadline = setTimeout(() => child.kill('SIGKILL'), 10_000);
    // stdout is not read: the pipe fills.
    const [code] = await once(child, 'exit');
    clearTimeout(deadline);
    child.stdout.destroy();
    assert.equal(code, 0, said);
    const { written, dropped } = JSON.parse(said) as { written: number; dropped: number };
    assert.equal(written + dropped, 20_000);
    assert.ok(dropped > 0);
  });
});
