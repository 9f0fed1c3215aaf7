import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { LoadResult } from '../support/load.ts';
import { eventually } from '../support/wait.ts';
import { INSTANCES, nameOf, openStage, SERVICES, type Stage } from './stage.ts';

/** One way in which Consul fails. */
export interface Scenario {
  readonly what: string;
  readonly guarded?: boolean;
  /** Before there is any traffic. */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** Consul answers again at its end. */
  readonly strike: (stage: Stage) => Promise<void>;
}

/** Long enough for whoever follows Consul to notice. */
const AWAY_MS = 1_000;

export const SCENARIOS = {
  kill: {
    what: 'it is killed, and comes back with all that it knew',
    strike: async ({ consul }) => {
      await consul.kill();
      await pause(AWAY_MS);
      await consul.restart({ wipe: false });
    },
  },
  wipe: {
    what: 'it is killed, and comes back with nothing',
    strike: async ({ consul }) => {
      await consul.kill();
      await pause(AWAY_MS);
      await consul.restart({ wipe: true });
    },
  },
  older: {
    what: 'it comes back with an older index, and what it knew then',
    prepare: async stage => {
      for (let i = 0; i < SERVICES / 2; i += 1) {
        for (let number = 0; number < INSTANCES; number += 1)
          await stage.call('PUT', '/catalog/deregister', { Node: `node-of-${nameOf(i)}-${number}` });
      }
      await stage.backUp();
      await stage.registerAll('first');
      for (let i = 0; i < SERVICES; i += 1) {
        await eventually(async () => (await fetch(`${stage.front}/${nameOf(i)}`)).ok, {
          within: 10_000,
          hint: `${nameOf(i)} is routed again`,
        });
      }
    },
    strike: stage => stage.restore(),
  },
  empty: {
    what: 'it says, in an unbroken session, that all services are gone',
    strike: async stage => {
      const nodes = Array.from({ length: SERVICES * INSTANCES }, (_, n) => ({
        Node: {
          Verb: 'delete',
          Node: { Node: `node-of-${nameOf(n % SERVICES)}-${Math.floor(n / SERVICES)}` },
        },
      }));
      await stage.call('PUT', '/txn', nodes);
    },
  },
  revoke: {
    what: 'the token is revoked, and another one put in its place',
    guarded: true,
    strike: async stage => {
      const issue = async (): Promise<{ AccessorID: string; SecretID: string }> => {
        const Name = `gateway-${randomUUID()}`;
        const Rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
        await stage.call('PUT', '/acl/policy', { Name, Rules });
        const token = await (await stage.call('PUT', '/acl/token', { Policies: [{ Name }] })).json();
        writeFileSync(`${stage.tokenFile}.new`, (token as { SecretID: string }).SecretID);
        renameSync(`${stage.tokenFile}.new`, stage.tokenFile);
        return token as { AccessorID: string; SecretID: string };
      };
      const { AccessorID } = await issue();
      // A change makes the gateway ask again, now with this token.
      await stage.register('waker', 0, 'first');
      await pause(2 * AWAY_MS);
      await stage.call('DELETE', `/acl/token/${AccessorID}`);
      await stage.register('second-waker', 0, 'first');
      await pause(AWAY_MS);
      await issue();
    },
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

export interface ChaosReport extends LoadResult {
  /** From when all had registered again until the gateway had the right state, in milliseconds. */
  readonly rightAfterMs: number;
  /** Instances that were held when all began to register again. */
  readonly held: number;
}

/** The right state is there within so long. */
export const RIGHT_WITHIN_MS = 5_000;

/**
 * Strikes under load. Then everything registers again, each instance at another port, and a new service beside: the
 * right state is that all of it is in force and nothing is held any more.
 *
 * @throws where the right state isn't there in time
 */
export const play = async (name: ScenarioName, perSecond: number): Promise<ChaosReport> => {
  const scenario: Scenario = SCENARIOS[name];
  const stage = await openStage({ guarded: scenario.guarded === true });
  try {
    await scenario.prepare?.(stage);
    const load = stage.startLoad(perSecond);
    await pause(AWAY_MS);
    await scenario.strike(stage);
    await pause(AWAY_MS);
    const held = await stage.held();
    await stage.registerAll('second');
    await stage.register('newcomer', 0, 'second');
    const began = performance.now();
    await eventually(() => isRight(stage), {
      within: RIGHT_WITHIN_MS,
      hint: () => `the right state; the gateway said ${stage.gateway.stderr().slice(-1_000)}`,
    });
    const rightAfterMs = performance.now() - began;
    return { ...(await load.stop()), rightAfterMs, held };
  } finally {
    await stage.close();
  }
};

const isRight = async (stage: Stage): Promise<boolean> => {
  const paths = ['newcomer', ...Array.from({ length: SERVICES }, (_, i) => nameOf(i))];
  const answers = await Promise.all(paths.map(async path => (await fetch(`${stage.front}/${path}`)).text()));
  return answers.every(answer => answer === stage.answers.second) && (await stage.held()) === 0;
};
