import { z } from 'zod';

/**
 * The parts of Consul's answers that Sluice reads. Go writes an empty slice or map as `null`, so lists and maps
 * may be either.
 */

const listOf = <T extends z.ZodType>(item: T) => z.array(item).nullish();

const check = z.object({
  Node: z.string(),
  CheckID: z.string(),
  Status: z.string(),
  /** Empty for a check of the whole node. */
  ServiceID: z.string(),
  ServiceName: z.string(),
});

const entry = z.object({
  Node: z.object({ Node: z.string(), Address: z.string() }),
  Service: z.object({
    ID: z.string(),
    Service: z.string(),
    Tags: listOf(z.string()),
    Address: z.string(),
    Port: z.number(),
    Weights: z.object({ Passing: z.number(), Warning: z.number() }).nullish(),
    CreateIndex: z.number(),
    ModifyIndex: z.number(),
  }),
  Checks: listOf(check),
});

/** A health check, its node's or its service's. */
export type CheckAnswer = z.infer<typeof check>;

/** One instance of a service with its node and all checks that concern it. */
export type HealthEntry = z.infer<typeof entry>;

/** Service name -> all tags that its instances carry, in another order at each read. */
export type ServiceNames = ReadonlyMap<string, readonly string[]>;

type TagsByName = Readonly<Record<string, readonly string[] | null>>;

/** In a storm of changes thousands of names come ten times a second: looked at as they are, they cost a third. */
const isTagsByName = (answer: unknown): answer is TagsByName => {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return false;
  for (const tags of Object.values(answer)) {
    if (tags === null) continue;
    if (!Array.isArray(tags) || !tags.every(tag => typeof tag === 'string')) return false;
  }
  return true;
};

/** `GET /v1/catalog/services` */
export const serviceNamesAnswer: z.ZodType<ServiceNames> = z
  .custom<TagsByName>(isTagsByName, 'expected lists of tags by name')
  .transform(answer => {
    const names = new Map<string, readonly string[]>();
    for (const [name, tags] of Object.entries(answer)) names.set(name, tags ?? []);
    return names;
  });

/** `GET /v1/health/state/STATE` */
export const checksAnswer: z.ZodType<readonly CheckAnswer[]> = listOf(check).transform(list => list ?? []);

/** `GET /v1/health/service/NAME` */
export const entriesAnswer: z.ZodType<readonly HealthEntry[]> = listOf(entry).transform(list => list ?? []);

/** `GET /v1/status/leader`: `host:port`, empty while there is none. */
export const leaderAnswer: z.ZodType<string> = z.string();

/** One key with its value. */
export interface KeyEntry {
  readonly key: string;
  readonly value: Buffer;
  readonly createIndex: number;
}

/** `GET /v1/kv/PREFIX?recurse` */
export const keysAnswer: z.ZodType<readonly KeyEntry[]> = listOf(
  z
    .object({ Key: z.string(), Value: z.string().nullish(), CreateIndex: z.number() })
    .transform(({ Key, Value, CreateIndex }) => ({
      key: Key,
      value: Buffer.from(Value ?? '', 'base64'),
      createIndex: CreateIndex,
    })),
).transform(list => list ?? []);
