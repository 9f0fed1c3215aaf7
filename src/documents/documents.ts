import { isDeepStrictEqual } from 'node:util';
import type { ConsulClient } from '../consul/client.ts';
import type { DocumentText } from '../core/rules/last-known.ts';
import type { Log } from '../telemetry/log.ts';
import { systemTimers, type Timers } from '../telemetry/timers.ts';
import { createReader, unreadable } from './reader.ts';
import { EMPTY_SHELF, isSameShelf, restock, type Shelf, type ShelfProblem, type Source } from './shelf.ts';
import type { Text } from './texts.ts';
import { watchFiles } from './watch-files.ts';
import { type KeysWatch, watchKeys } from './watch-keys.ts';

export interface DocumentsOptions {
  /** A file, or a folder with files; undefined: none are read. */
  readonly path: string | undefined;
  /** Where the keys are; undefined: none are read. */
  readonly keys:
    | { readonly client: ConsulClient; readonly prefix: string; readonly holdMs: number }
    | undefined;
  /**
   * Called with what is in force, at first when files and keys were read (or can't be), and at each change. Never called
   * synchronously, nor after `stop`; never again before what it returns is settled. Must not throw.
   */
  readonly onShelf: (shelf: Shelf) => void | Promise<void>;
  /** What a process before this one kept: it counts for what is bad now, and for keys while Consul is away. */
  readonly last?: readonly DocumentText[] | undefined;
  /** Called with the last good text of each source after `onShelf`, to be kept for the next process. Must not throw. */
  readonly onGood?: (texts: readonly DocumentText[]) => void;
  readonly log: Log;
  /** Where the code of the reading thread is (default: beside this). */
  readonly thread?: URL;
  readonly timers?: Timers;
  /** Draws from [0, 1). */
  readonly chance?: () => number;
}

export interface Documents {
  /** Lets go of keys that are held. @returns how many that were */
  release(): number;
  stop(): Promise<void>;
}

/** Follows the route documents of files and of Consul's KV store, and keeps those in force that are good. */
export const followDocuments = (options: DocumentsOptions): Documents => {
  const { path, keys, onShelf, last, onGood, log, timers = systemTimers, chance = Math.random } = options;
  const reader = createReader(timers, log, options.thread);
  const texts = new Map<'files' | 'keys', readonly Text[] | undefined>();
  let sources: ReadonlyMap<string, Known> = new Map();
  let shelf: Shelf | undefined;
  let isReading = false;
  let reading = Promise.resolve();
  let isStale = false;
  let stopped = false;

  const readOne = async (text: Text, before: Known | undefined): Promise<Known> => {
    const { name, createIndex } = text;
    const index = createIndex === undefined ? {} : { createIndex };
    const good = before?.good === undefined ? {} : { good: before.good };
    if ('failure' in text)
      return { source: { name, documents: unreadable(text.failure), ...index }, ...good };
    const isSame = before?.text === text.text;
    const documents = isSame ? before.source.documents : await reader.read(text.text);
    const isGood = documents.every(({ route }) => route !== undefined);
    return {
      source: { name, documents, ...index },
      text: text.text,
      ...(isGood ? { good: text.text } : good),
    };
  };

  const readAll = async (list: readonly Text[]): Promise<ReadonlyMap<string, Known>> => {
    const next = new Map<string, Known>();
    for (const text of list) next.set(text.name, await readOne(text, sources.get(text.name)));
    return next;
  };

  const shelve = (previous: Shelf): Shelf =>
    restock(
      previous,
      [...sources.values()].map(({ source }) => source),
    );

  const read = async (): Promise<void> => {
    if (shelf === undefined && last !== undefined && sources.size === 0) sources = await readAll(last);
    const previous = shelf ?? shelve(EMPTY_SHELF);
    const next = await readAll([...texts.values()].flatMap(list => list ?? []));
    if (isStale || stopped) return;
    sources = next;
    await swap(shelve(previous));
    onGood?.([...next.values()].flatMap(toGoodText));
  };

  const swap = async (next: Shelf): Promise<void> => {
    const previous = shelf;
    if (previous !== undefined && isSameShelf(previous, next)) return;
    shelf = next;
    logProblems(next.problems, previous?.problems ?? [], log);
    const { length: routes } = next.routes;
    if (routes > 0 || previous !== undefined) log.info({ routes }, 'route documents are in force');
    await onShelf(next);
  };

  const take = (origin: 'files' | 'keys') => (list: readonly Text[]) => {
    texts.set(origin, list);
    isStale = true;
    if ([...texts.values()].includes(undefined) || isReading) return;
    isReading = true;
    reading = (async () => {
      while (isStale && !stopped) {
        isStale = false;
        await read();
      }
      isReading = false;
    })();
  };

  const watches: { stop(): void }[] = [];
  let keysWatch: KeysWatch | undefined;
  if (path !== undefined) {
    texts.set('files', undefined);
    watches.push(watchFiles({ path, onTexts: take('files'), log, timers }));
  }
  if (keys !== undefined) {
    texts.set('keys', undefined);
    keysWatch = watchKeys({ ...keys, last, onTexts: take('keys'), log, timers, chance });
    watches.push(keysWatch);
  }
  if (watches.length === 0) timers.after(0, () => void swap(EMPTY_SHELF));

  return {
    release: () => keysWatch?.release() ?? 0,
    stop: async () => {
      stopped = true;
      for (const watch of watches) watch.stop();
      await reader.close();
      await reading;
    },
  };
};

/** A source with the text that it was read from, and the last one of which all documents were good. */
interface Known {
  readonly source: Source;
  readonly text?: string;
  readonly good?: string;
}

const toGoodText = ({ source: { name, createIndex }, good }: Known): DocumentText[] =>
  good === undefined ? [] : [{ name, text: good, ...(createIndex === undefined ? {} : { createIndex }) }];

/** Each problem once, when it comes up. */
const logProblems = (now: readonly ShelfProblem[], before: readonly ShelfProblem[], log: Log): void => {
  for (const problem of now) {
    if (before.some(known => isDeepStrictEqual(known, problem))) continue;
    const { severity, source, line, column, field, name, message } = problem;
    const what = { document: name, at: `${source}:${line}:${column}`, field, problem: message };
    if (severity === 'note') log.info(what, 'something in a route document has no effect');
    else if (severity === 'unserved') log.warn(what, 'a rule of a route document answers 500');
    else log.warn(what, 'a route document has errors; what was in force before stays');
  }
};
