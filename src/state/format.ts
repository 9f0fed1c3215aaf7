import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Instance } from '../core/model/instance.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { ServiceWeights } from '../core/model/split.ts';
import type { LastKnown } from '../core/rules/last-known.ts';
import { type Since, sinceOf } from '../core/rules/quarantine.ts';

/** Why a file is no state of ours, in one line for the operator. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

const VERSION = 1;

/** What is encoded between two turns of the event loop, in characters: well under a millisecond of work. */
const CHUNK = 64 * 1024;

/**
 * A snapshot as lines of JSON: what it is and since when problems last, then a line for each service with its instances, weights and the
 * matches that it holds, then the checksum of all that. In chunks, so that a large one holds nobody up.
 *
 * @param origin which Consul and which Redis it is the state of; another gateway's is not to be taken over
 */
export function* encodeState(
  { services, rules, quarantine }: Snapshot,
  origin: string,
): Generator<string, undefined> {
  const held = new Map<string, string[]>();
  for (const { id, origin } of rules) {
    if (origin.from !== 'tags') continue;
    const { service } = origin;
    const ids = held.get(service);
    if (ids === undefined) held.set(service, [id]);
    else ids.push(id);
  }
  const hash = createHash('sha256');
  const finish = (chunk: string): string => {
    hash.update(chunk);
    return chunk;
  };
  let chunk = line({ format: 'sluice-state', version: VERSION, origin, since: oldest(sinceOf(quarantine)) });
  for (const { name, instances, weights } of services.values()) {
    chunk += line({
      service: name,
      instances,
      holds: held.get(name) ?? [],
      ...(weights === undefined ? {} : { weights: writeWeights(weights) }),
    });
    if (chunk.length < CHUNK) continue;
    yield finish(chunk);
    chunk = '';
  }
  yield finish(chunk);
  yield line({ sha256: hash.digest('hex') });
}

/** Where there are very many problems, the younger ones begin anew with the next process. */
const oldest = (since: Since): (readonly [string, number])[] => {
  let length = 0;
  return [...since]
    .sort(([, a], [, b]) => a - b)
    .filter(([problem]) => {
      length += problem.length;
      return length <= CHUNK;
    });
};

const line = (value: object): string => `${JSON.stringify(value)}\n`;

const writeWeights = ({ weights, ...rest }: ServiceWeights): object => ({
  ...rest,
  ...(weights === undefined ? {} : { weights: [...weights] }),
});

/**
 * The other way round.
 *
 * @throws StateError where the file is torn, of a foreign version or otherwise not what was written
 */
export const decodeState = (file: Buffer): Omit<LastKnown, 'at'> & { readonly origin: string } => {
  const { origin, since } = readHead(file);
  const end = file.lastIndexOf(0x0a, file.length - 2) + 1;
  const last = parse(SEAL, file.toString('utf8', end));
  if (last === undefined) throw new StateError('it is cut short: it does not end in its checksum');
  const sha256 = createHash('sha256').update(file.subarray(0, end)).digest('hex');
  if (sha256 !== last.sha256) throw new StateError('it was altered: its checksum is of other contents');

  const catalog = new Map<string, readonly Instance[]>();
  const weights = new Map<string, ServiceWeights>();
  const owners = new Map<string, string>();
  for (const text of file.toString('utf8', 0, end).split('\n').slice(1, -1)) {
    const service = parse(SERVICE, text);
    if (service === undefined) throw new StateError("a service in it can't be read");
    catalog.set(service.service, service.instances);
    if (service.weights !== undefined) weights.set(service.service, readWeights(service.weights));
    for (const id of service.holds) owners.set(id, service.service);
  }
  return { origin, catalog, weights, owners, since: new Map(since) };
};

const readHead = (file: Buffer): z.infer<typeof HEAD> => {
  const text = file.toString('utf8', 0, Math.max(0, file.indexOf(0x0a)));
  const foreign = parse(ANY_HEAD, text);
  if (foreign === undefined) throw new StateError('it is no state of Sluice');
  if (foreign.version !== VERSION)
    throw new StateError(`its format is version ${foreign.version}, this Sluice reads ${VERSION}`);
  const head = parse(HEAD, text);
  if (head === undefined) throw new StateError("its first line can't be read");
  return head;
};

const readWeights = ({ weights, ...rest }: z.infer<typeof WEIGHTS>): ServiceWeights => ({
  ...rest,
  ...(weights === undefined ? {} : { weights: new Map(weights) }),
});

const parse = <T>(schema: z.ZodType<T>, text: string): T | undefined => {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

const ANY_HEAD = z.object({ format: z.literal('sluice-state'), version: z.number() });

const HEAD = ANY_HEAD.extend({
  origin: z.string(),
  since: z.array(z.tuple([z.string(), z.number()])).default([]),
});

const INSTANCE = z.strictObject({
  id: z.string(),
  service: z.string(),
  serviceId: z.string(),
  node: z.string(),
  address: z.string(),
  port: z.number(),
  health: z.enum(['passing', 'warning', 'critical', 'maintenance']),
  tags: z.array(z.string()),
  weight: z.number(),
  createIndex: z.number(),
  modifyIndex: z.number(),
  heldUntil: z.number().exactOptional(),
}) satisfies z.ZodType<Instance>;

/** Written weights by version. `z.record` would lose a version called `__proto__`. */
const WRITTEN = z.custom<Readonly<Record<string, string>>>(
  value =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(weight => typeof weight === 'string'),
);

const WEIGHTS = z.strictObject({
  weights: z.array(z.tuple([z.string(), z.number()])).exactOptional(),
  revision: z.number(),
  problem: z.string().exactOptional(),
  reverts: z.strictObject({ at: z.number(), to: WRITTEN }).exactOptional(),
  frozen: z
    .strictObject({ by: z.string(), reason: z.string().exactOptional(), since: z.number() })
    .exactOptional(),
});

const SERVICE = z.strictObject({
  service: z.string(),
  instances: z.array(INSTANCE),
  holds: z.array(z.string()),
  weights: WEIGHTS.exactOptional(),
});

const SEAL = z.strictObject({ sha256: z.string() });
