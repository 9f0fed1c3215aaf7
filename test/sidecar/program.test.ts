import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { type Finding, httpProbe, tcpProbe, watchHealth } from '../../sidecar/probe.ts';
import { type Program, startProgram } from '../../sidecar/program.ts';
import { takeSignals } from '../../sidecar/signals.ts';
import { untilWell } from '../../sidecar/startup.ts';
import { ConfigError } from '../../src/core/settings/settings.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { freePorts } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

const programs: Program[] = [];
const start = async (...command: [string, ...string[]]): Promise<Program> => {
  const program = await startProgram(command, process.env);
  programs.push(program);
  return program;
};
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the program beside the sidecar', () => {
  afterEach(async () => {
    for (const program of programs.splice(0)) await program.stop(100);
  });

  it('ends with its exit code', async () => {
    assert.equal(await (await start('sh', '-c', 'exit 3')).exited, 3);
  });

  it('that a signal ends has exit code 128 + n, as in a shell', async () => {
    const program = await start('sleep', '60');
    program.signal('SIGKILL');
    assert.equal(await program.exited, 137);
  });

  it('that cannot be found is told in one line', async () => {
    await assert.rejects(start('no-such-program'), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.message,
        /^cannot start "no-such-program": not found; give a path or a program on PATH$/,
      );
      return true;
    });
  });

  it('that ignores SIGTERM is killed at the deadline', async () => {
    const port = await freePort();
    const program = await start(
      process.execPath,
      '-e',
      `process.on('SIGTERM', () => {}); require('net').createServer().listen(${port}, '127.0.0.1')`,
    );
    await eventually(async () => (await tcpProbe(port)()).well, {
      within: 5_000,
      hint: 'the program listens',
    });
    assert.equal(await program.stop(50), 137);
  });

  it('takes what it started with it, also what ignores SIGTERM', async () => {
    const port = await freePort();
    const listen = `require('net').createServer().listen(${port}, '127.0.0.1')`;
    const program = await start(
      'sh',
      '-c',
      `trap '' TERM; sleep 61 & exec ${process.execPath} -e "${listen}"`,
    );
    await eventually(async () => (await tcpProbe(port)()).well, {
      within: 5_000,
      hint: 'the program listens',
    });
    assert.equal(await program.stop(200), 143);
    await eventually(() => !isAlive(-program.pid), { within: 2_000, hint: 'the group is gone' });
  });

  it('that ends before what it started, as npm does, leaves that its time to end well', async () => {
    const [port, left] = [await freePort(), await freePort()];
    const app = `require('net').createServer().listen(${port}, '127.0.0.1');
      process.on('SIGTERM', () => setTimeout(() => {
        require('net').connect(${left}, '127.0.0.1').end().on('close', () => process.exit());
      }, 100))`;
    const goodbye = createServer().listen(left, '127.0.0.1');
    const said = once(goodbye, 'connection', { signal: AbortSignal.timeout(10_000) });
    const program = await start('sh', '-c', `"$0" -e "$1" & wait`, process.execPath, app);
    await eventually(async () => (await tcpProbe(port)()).well, {
      within: 5_000,
      hint: 'the program listens',
    });
    assert.equal(await program.stop(10_000), 143);
    const [socket] = (await said) as [Socket];
    socket.destroy();
    goodbye.close();
    assert.equal((await tcpProbe(port)()).well, false);
  });

  it('gets signals once, and alone', async () => {
    const port = await freePort();
    const program = await start(
      process.execPath,
      '-e',
      `let n = 0; process.on('SIGUSR2', () => { n++; setTimeout(() => process.exit(40 + n), 50); });
       require('net').createServer().listen(${port}, '127.0.0.1')`,
    );
    await eventually(async () => (await tcpProbe(port)()).well, {
      within: 5_000,
      hint: 'the program listens',
    });
    program.signal('SIGUSR2');
    assert.equal(await program.exited, 41);
  });
});

describe('the probe', () => {
  it('finds a program that listens on IPv6 alone', async () => {
    const server = createServer((_, response) => response.end()).listen(0, '::1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.deepEqual(await tcpProbe(port)(), { well: true, address: '::1' });
    assert.deepEqual(await httpProbe(port, '/')(), { well: true, address: '::1' });
    server.close();
  });

  it('says what is wrong', async () => {
    const port = await freePort();
    assert.deepEqual(await tcpProbe(port)(), { well: false, reason: `nothing listens on port ${port}` });
    assert.deepEqual(await httpProbe(port, '/x')(), {
      well: false,
      reason: `nothing answers on port ${port}`,
    });
    const server = createServer((_, response) => response.writeHead(503).end()).listen(port, '127.0.0.1');
    await once(server, 'listening');
    assert.deepEqual(await httpProbe(port, '/healthz')(), {
      well: false,
      reason: 'GET /healthz answers 503',
    });
    server.close();
  });

  it('gives up on a program that accepts and never answers', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const probe = httpProbe(port, '/healthz');
    assert.deepEqual(await probe(), { well: false, reason: 'GET /healthz does not answer' });
    server.closeAllConnections();
    server.close();
  });

  it('tells changes only', async () => {
    const answers = [true, true, false, false, true];
    const seen: boolean[] = [];
    const abort = new AbortController();
    await watchHealth({
      every: 0,
      signal: abort.signal,
      probe: async () => {
        const well = answers.shift();
        if (well === undefined) abort.abort();
        return well ? { well, address: '127.0.0.1' } : { well: false, reason: 'no' };
      },
      onChange: finding => seen.push(finding.well),
    });
    assert.deepEqual(seen, [true, false, true]);
  });
});

describe('waiting for the program', () => {
  it('says what is missing, and gives the address when it is there', async () => {
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, info: (...line: unknown[]) => void lines.push(line) };
    const findings: Finding[] = [
      { well: false, reason: 'nothing listens' },
      { well: false, reason: 'nothing listens' },
      { well: true, address: '::1' },
    ];
    const probe = async (): Promise<Finding> => findings.shift() ?? { well: false, reason: 'asked again' };
    const { signal } = new AbortController();
    assert.equal(await untilWell({ probe, what: 'port 1', log, signal, sayEvery: 0 }), '::1');
    assert.deepEqual(
      lines,
      Array(2).fill([{ reason: 'nothing listens', seconds: 0 }, 'waiting for the program at port 1']),
    );
  });
});

describe('signals of the sidecar', () => {
  it('are the program’s, but for those that stop it; the echo of one order is no second one', () => {
    const passed: string[] = [];
    let time = 0;
    const signals = takeSignals(
      signal => passed.push(signal),
      () => time,
    );
    try {
      process.emit('SIGHUP', 'SIGHUP');
      process.emit('SIGQUIT', 'SIGQUIT');
      assert.deepEqual(passed, ['SIGHUP', 'SIGQUIT']);
      assert.equal(signals.stop.aborted, false);
      process.emit('SIGINT', 'SIGINT');
      process.emit('SIGINT', 'SIGINT');
      time = 900;
      process.emit('SIGTERM', 'SIGTERM');
      assert.deepEqual([signals.stop.aborted, signals.hurry.aborted], [true, false]);
      time = 1_100;
      process.emit('SIGINT', 'SIGINT');
      assert.equal(signals.hurry.aborted, true);
    } finally {
      signals.release();
    }
  });
});

const freePort = async (): Promise<number> => (await freePorts(['one'])).one;
