import type { RuleSettings } from './model.ts';

/** What the tags of one instance have said so far. */
export interface TagsRead {
  readonly exact: string[];
  readonly prefixes: string[];
  readonly hosts: string[];
  hadBadPath: boolean;
  hadBadHost: boolean;
  version?: string;
  weight?: number;
  /** `true` takes off the matched path. */
  strip?: string | boolean;
  settings: RuleSettings;
}

/** Why a tag does not hold. */
export interface TagFault {
  readonly reason: string;
  /** Whether the instance must not be served at all because of it. */
  readonly fatal: boolean;
}

/** Takes one value in, or says what is wrong with it. */
export type TagReader = (value: string, read: TagsRead) => TagFault | undefined;

export const fault = (reason: string): TagFault => ({ reason, fatal: false });
export const fatal = (reason: string): TagFault => ({ reason, fatal: true });
