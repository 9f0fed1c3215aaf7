import type { Auth, RateLimitFilter } from '../../model/filter.ts';
import type { ValueMatch } from '../../model/match.ts';
import type { Protocol } from '../../model/speech.ts';
import type { RuleSettings } from '../../model/traffic.ts';
import type { TagFault } from '../dialect.ts';

/** What the tags of one instance have said so far. */
export interface TagsRead {
  readonly exact: string[];
  readonly prefixes: string[];
  readonly hosts: string[];
  readonly methods: Set<string>;
  readonly headers: ValueMatch[];
  readonly query: ValueMatch[];
  readonly limits: RateLimitFilter[];
  /** Addresses and CIDR blocks. */
  readonly allow: string[];
  readonly deny: string[];
  hadBadPath: boolean;
  hadBadHost: boolean;
  version?: string;
  weight?: number;
  /** `true` takes off the matched path. */
  strip?: string | boolean;
  /** Put in place of the matched path. */
  rewrite?: string;
  rewriteHost?: string;
  protocol?: Protocol;
  serverName?: string;
  auth?: Auth;
  /** Of what judges requests, the fields that nobody else may say. */
  readonly authFields: Set<string>;
  /** What protects its rules cannot be read: they are kept, and nobody is served by them. */
  hadBadGuard: boolean;
  settings: RuleSettings;
}

export const nothingRead = (): TagsRead => ({
  exact: [],
  prefixes: [],
  hosts: [],
  methods: new Set(),
  headers: [],
  query: [],
  limits: [],
  allow: [],
  deny: [],
  authFields: new Set(),
  hadBadPath: false,
  hadBadHost: false,
  hadBadGuard: false,
  settings: {},
});

/** Takes one value in, or says what is wrong with it. */
export type TagReader = (value: string, read: TagsRead) => TagFault | undefined;

export const fault = (reason: string): TagFault => ({ reason, fatal: false });
export const fatal = (reason: string): TagFault => ({ reason, fatal: true });
