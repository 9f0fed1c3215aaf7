import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { eventually } from '../../test/support/wait.ts';
import { serviceName } from './catalog.ts';
import type { HeldUp, Stage } from './stage.ts';

/** Where route documents are, and how many of them come and go together. */
export const PLACES = {
  /** Each is a file; they are moved into the folder one right after the other. */
  folder: {
    put: async ({ routes }: Stage, names: readonly string[]) => {
      for (const name of names) await writeFile(join(routes, `.${name}`), textOf(name));
      for (const name of names) await rename(join(routes, `.${name}`), join(routes, `${name}.yaml`));
    },
    remove: async ({ routes }: Stage, names: readonly string[]) => {
      for (const name of names) await rm(join(routes, `${name}.yaml`));
    },
  },
  /** Each is a key; as many are written at once as Consul takes in one transaction. */
  keys: {
    put: (stage: Stage, names: readonly string[]) =>
      transact(
        stage,
        names.map(name => ({ Verb: 'set', Key: keyOf(name), Value: btoa(textOf(name)) })),
      ),
    remove: (stage: Stage, names: readonly string[]) =>
      transact(
        stage,
        names.map(name => ({ Verb: 'delete', Key: keyOf(name) })),
      ),
  },
} as const;

export type PlaceName = keyof typeof PLACES;

/** What it took to have all documents in force, and to have them gone. */
export interface DocumentFigures {
  readonly place: PlaceName;
  readonly count: number;
  /** Milliseconds from the last of them being written. */
  readonly inForceMs: number;
  readonly goneMs: number;
  readonly held: HeldUp;
}

export const measureDocuments = async (stage: Stage, count: number): Promise<DocumentFigures[]> => {
  const figures: DocumentFigures[] = [];
  for (const place of Object.keys(PLACES) as PlaceName[]) {
    const names = Array.from({ length: count }, (_, i) => `document-${place}-${i}`);
    await stage.held();
    await PLACES[place].put(stage, names);
    const inForceMs = await untilAll(stage, names, 200);
    await PLACES[place].remove(stage, names);
    const goneMs = await untilAll(stage, names, 404);
    figures.push({ place, count, inForceMs, goneMs, held: await stage.held() });
  }
  return figures;
};

/** One rule of two matches for each, to a service of the catalog. */
const textOf = (name: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  rules:
    - matches:
        - path: {value: /${name}}
        - path: {value: /${name}/beta}
          headers: [{name: x-beta, value: "1"}]
      filters:
        - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-route, value: ${name}}]}}
      timeouts: {request: 10s}
      backendRefs:
        - {name: ${serviceName(0)}, weight: 95}
        - {name: ${serviceName(1)}, weight: 5}
`;

const keyOf = (name: string): string => `sluice/routes/${name}`;

/** What Consul takes in one transaction. */
const MOST_OPERATIONS = 64;

const transact = async ({ consul }: Stage, operations: readonly object[]): Promise<void> => {
  for (let i = 0; i < operations.length; i += MOST_OPERATIONS) {
    const body = JSON.stringify(operations.slice(i, i + MOST_OPERATIONS).map(KV => ({ KV })));
    const answer = await request(`http://${consul}/v1/txn`, { method: 'PUT', body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`the transaction was answered ${answer.statusCode}: ${text}`);
  }
};

/** @returns after how many milliseconds the first and the last of them were answered so */
const untilAll = async ({ front }: Stage, names: readonly string[], status: number): Promise<number> => {
  const began = performance.now();
  for (const name of [names[0], names.at(-1)]) {
    const isSo = async (): Promise<boolean> => {
      const answer = await fetch(`${front}/${name}`);
      await answer.arrayBuffer();
      return answer.status === status;
    };
    await eventually(isSo, { within: 60_000, hint: `/${name} is answered ${status}` });
  }
  return performance.now() - began;
};
