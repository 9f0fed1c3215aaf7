import type { RequestFacts } from '../request-facts.ts';
import type { CompiledFilters } from './compile.ts';
import { preflightOf } from './cors.ts';
import { editFields, type HeaderEdit, joinEdits } from './header-change.ts';
import { locationOf } from './redirect.ts';

/** What a rule says by itself, with nobody behind it. */
export interface Answer {
  readonly status: number;
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  /** None where it is left out. */
  readonly body?: Buffer;
}

/**
 * @param rulePath what the rule goes by, where the request's own path has a pinned version in front
 * @returns `forbidden` where the request may not pass, undefined where it is to go to an upstream
 */
export const answerOf = (
  filters: CompiledFilters,
  request: RequestFacts,
  rulePath?: string,
): Answer | 'forbidden' | undefined => {
  const { access, cors, redirect, response, matched } = filters;
  if (access?.(request.clientAddress ?? '', request.header('x-forwarded-for')) === false) return 'forbidden';
  if (cors !== undefined) {
    const preflight = preflightOf(request);
    if (preflight !== undefined) return { status: 204, fields: edited(cors.preflight(preflight), response) };
  }
  if (redirect === undefined) return undefined;
  const location = locationOf(redirect, request, matched, rulePath);
  if (location === undefined) return undefined;
  const edit = responseEdit(filters, request.header('origin'));
  return { status: redirect.status, fields: edited(['Location', location], edit) };
};

const edited = (fields: readonly string[], edit: HeaderEdit | undefined): readonly string[] =>
  edit === undefined ? fields : editFields(fields, edit);

/**
 * What changes of the fields of a final response, be it of an upstream or of our own.
 *
 * @param origin `Origin` of the request
 */
export const responseEdit = (
  { cors, response }: CompiledFilters,
  origin: string | undefined,
): HeaderEdit | undefined => {
  if (cors === undefined) return response;
  const edit = cors.edit(origin);
  return response === undefined ? edit : joinEdits(edit, response);
};
