import { join } from 'node:path';
import { z } from 'zod';
import type { DocumentText } from '../core/rules/last-known.ts';
import type { Log } from '../telemetry/log.ts';
import { describeFailure } from './failure.ts';
import { clearLeftovers, readWhole, replaceFile } from './file.ts';

/** The last good texts of route documents on disk. */
export interface KeptDocuments {
  /** What a process before this one kept; undefined where there is nothing, or nothing of use. */
  readonly last: readonly DocumentText[] | undefined;
  /** Returns at once and never fails; of what comes while a write is under way only the newest is written. */
  save(texts: readonly DocumentText[]): void;
  /** Resolves when all is written. Never rejects. */
  close(): Promise<void>;
}

const FILE = 'route-documents.jsonl';
const FORMAT = 'sluice-route-documents';

/**
 * @param folder as `openState`'s; `off`: nothing is kept
 * @param origin which Consul, in words without secrets: the documents of another one are not taken over
 */
export const openDocuments = async (folder: string, origin: string, log: Log): Promise<KeptDocuments> => {
  if (folder === 'off') return { last: undefined, save: () => {}, close: async () => {} };
  const file = join(folder, FILE);
  await clearLeftovers(file, Date.now());
  const last = await readLast(file, origin, log);
  let latest: readonly DocumentText[] | undefined;
  let writing: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    while (latest !== undefined) {
      const texts = latest;
      latest = undefined;
      await replaceFile(file, encode(texts, origin), Date.now()).catch((error: unknown) =>
        log.warn({ file, problem: describeFailure(error) }, 'the route documents could not be kept'),
      );
    }
    writing = undefined;
  };

  return {
    last,
    save: texts => {
      latest = texts;
      writing ??= write();
    },
    close: async () => {
      await writing;
    },
  };
};

function* encode(texts: readonly DocumentText[], origin: string): Generator<string, undefined> {
  yield `${JSON.stringify({ format: FORMAT, version: 1, origin })}\n`;
  for (const text of texts) yield `${JSON.stringify(text)}\n`;
}

const readLast = async (
  file: string,
  origin: string,
  log: Log,
): Promise<readonly DocumentText[] | undefined> => {
  try {
    const found = await readWhole(file);
    if (found === undefined) return undefined;
    const [head, ...texts] = found.contents
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    if (!HEAD.safeParse(head).success) throw new Error('it is of another version');
    if (HEAD.parse(head).origin !== origin) throw new Error('it is of another Consul');
    return z.array(TEXT).parse(texts);
  } catch (error) {
    log.warn({ file, problem: describeFailure(error) }, 'the route documents that were kept are not used');
    return undefined;
  }
};

const HEAD = z.object({ format: z.literal(FORMAT), version: z.literal(1), origin: z.string() });

const TEXT = z.object({
  name: z.string(),
  text: z.string(),
  createIndex: z.number().exactOptional(),
}) satisfies z.ZodType<DocumentText>;
