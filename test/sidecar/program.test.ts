import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { httpProbe, tcpProbe, watchHealth } from '../../sidecar/probe.ts';
import { type Program, startProgram } from '../../sidecar/program.ts';
import { ConfigError } from '../../src/config.ts';
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

  it('takes what it started with it', async () => {
    const program = await start('sh', '-c', 'trap "" TERM; sleep 61 & exec sleep 60');
    const leader = program.pid;
    assert.equal(await program.stop(50), 137);
    await eventually(() => !isAlive(-leader), { within: 2_000, hint: 'the group is gone' });
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

const freePort = async (): Promise<number> => (await freePorts(['one'])).one;
