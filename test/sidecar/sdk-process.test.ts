import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { type EmbeddedAgent, startEmbeddedAgent } from '../../src/embedded/agent.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { endWithUs, mortal } from '../support/child.ts';
import { freePorts } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { entriesOf } from './support.ts';

let agent: EmbeddedAgent;
before(async () => {
  agent = await startEmbeddedAgent({ listen: { host: '127.0.0.1', port: 0 }, log: silentLog });
});
after(() => agent.stop());

/** The SDK in a process of its own, configured by the environment alone. */
const start = async (way: string) => {
  const { port } = await freePorts(['port']);
  const [file, ...args] = mortal([process.execPath, '--import', 'tsx', 'test/sidecar/programs/sdk-app.ts']);
  const child = spawn(file, args, {
    env: {
      ...process.env,
      PORT: `${port}`,
      WAY: way,
      CONSUL_HTTP_ADDR: agent.address,
      SLUICE_SIDECAR_DRAIN: '300ms',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithUs(child);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(line.toString(), 'registered\n');
  return { child, ended, port };
};

describe('an application process with the SDK', { concurrency: 3 }, () => {
  it('that closed its handle and its server ends by itself', async () => {
    const { ended } = await start('once');
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual(await entriesOf(agent.address, 'sdk-once'), []);
  });

  it('that asked for it is deregistered first, serves on, and ends by the signal', async () => {
    const { child, ended, port } = await start('signals');
    child.kill('SIGTERM');
    await eventually(async () => (await entriesOf(agent.address, 'sdk-signals')).length === 0, {
      within: 1_000,
      hint: 'deregistered',
    });
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
    assert.deepEqual(await ended, [null, 'SIGTERM']);
  });

  it('that did not ask for it has its signals for itself', async () => {
    const { child, ended } = await start('plain');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [null, 'SIGTERM']);
  });
});
