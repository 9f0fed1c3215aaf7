import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type EmbeddedAgent, startEmbeddedAgent } from '../../src/embedded/agent.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

export interface RunningAgent {
  readonly agent: EmbeddedAgent;
  readonly clock: FakeClock;
  /** Lines logged as warnings. */
  readonly warnings: string[];
  /** Paths begin after `/v1`. */
  readonly call: (method: string, path: string, body?: object, signal?: AbortSignal) => Promise<Response>;
  readonly put: (path: string, body?: object) => Promise<void>;
  /** Status and output of a check as the agent knows it, or undefined where there is none. */
  readonly check: (id: string) => Promise<{ Status: string; Output: string } | undefined>;
  readonly serviceIds: () => Promise<string[]>;
}

/** An agent whose time the test turns; stopped when the test ends. */
export const runAgent = async (t: TestContext, chance = (): number => 0): Promise<RunningAgent> => {
  const clock = new FakeClock();
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (...words: unknown[]) => void warnings.push(String(words.at(-1))) };
  const agent = await startEmbeddedAgent({ listen: { host: '127.0.0.1', port: 0 }, log, clock, chance });
  t.after(() => agent.stop());

  const call: RunningAgent['call'] = (method, path, body, signal) =>
    fetch(`http://${agent.address}/v1${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  const json = async (path: string): Promise<Record<string, never>> =>
    (await (await call('GET', path)).json()) as Record<string, never>;

  return {
    agent,
    clock,
    warnings,
    call,
    put: async (path, body) => {
      const response = await call('PUT', path, body);
      assert.equal(response.status, 200, await response.text());
    },
    check: async id => (await json('/agent/checks'))[id],
    serviceIds: async () => Object.keys(await json('/agent/services')),
  };
};
