import { DEFAULT_VERSION } from '../model/instance.ts';
import type { Dialect, DialectName, Guard, TagOptions, TagRule, TagSource, TagsSaid } from './dialect.ts';
import { readFabioTags } from './fabio/read.ts';
import { guarded } from './guard.ts';
import { readSluiceTags } from './sluice/read.ts';
import { readTraefikTags } from './traefik/read.ts';

/** What the tags of one instance say, in all the dialects that are read. */
export interface ParsedTags extends TagsSaid {
  readonly version: string;
}

const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  sluice: readSluiceTags,
  fabio: readFabioTags,
  traefik: readTraefikTags,
};

const OWN_ALONE: readonly DialectName[] = ['sluice'];

/** Where two dialects say two things of the whole instance, the one that is named first has it. */
export const parseTags = (source: TagSource, options: TagOptions): ParsedTags => {
  const said = (options.dialects ?? OWN_ALONE).map(name => DIALECTS[name](source, options));
  const weight = said.find(each => each.weight !== undefined)?.weight;
  const protocol = said.find(each => each.protocol !== undefined)?.protocol;
  const serverName = said.find(each => each.serverName !== undefined)?.serverName;
  const guard = said.find(each => each.guard !== undefined)?.guard;
  return {
    version: said.find(each => each.version !== undefined)?.version ?? DEFAULT_VERSION,
    settings: Object.assign({}, ...said.map(({ settings }) => settings).reverse()),
    rules: said.flatMap(each =>
      closedFirst(behind(each.guard === undefined ? guard : undefined, each.rules)),
    ),
    problems: said.flatMap(({ problems }) => problems),
    ...(weight === undefined ? {} : { weight }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(serverName === undefined ? {} : { serverName }),
  };
};

/** A dialect that can say so has put its own rules behind it. */
const behind = (guard: Guard | undefined, rules: readonly TagRule[]): readonly TagRule[] =>
  guard === undefined ? rules : rules.map(rule => guarded(rule, guard));

/** Of two with one match the first holds: nobody is let in by saying it twice. */
const closedFirst = (rules: readonly TagRule[]): readonly TagRule[] => [
  ...rules.filter(({ isClosed }) => isClosed),
  ...rules.filter(({ isClosed }) => !isClosed),
];
