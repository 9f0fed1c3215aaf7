import type { Match } from '../model/match.ts';
import type { Rule } from '../model/rule.ts';
import { ruleId } from '../model/rule-id.ts';
import type { RuleSettings } from '../model/traffic.ts';
import { type BackendInput, buildBackend } from './backend.ts';
import { newestFirst, type Tagged } from './tagged.ts';

export interface TagRuleInput<T extends Tagged> extends BackendInput<T> {
  readonly match: Match;
  /** Of the oldest instance that carries the match. */
  readonly createIndex: number;
}

/** The rule of one service for one match of its tags. */
export const buildTagRule = <T extends Tagged>({
  match,
  createIndex,
  ...backend
}: TagRuleInput<T>): Rule => ({
  id: ruleId(match),
  match,
  origin: { from: 'tags', service: backend.service, createIndex },
  backends: [buildBackend(backend)],
  ...settingsOf(backend.live),
});

/** Each setting as the newest instance that names it has it. */
const settingsOf = (live: readonly Tagged[]): RuleSettings =>
  Object.assign({}, ...[...live].sort((a, b) => newestFirst(b, a)).map(({ tags }) => tags.settings));
