import { isIP } from 'node:net';
import { isDecision, isRefusal } from '../core/decide/decide.ts';
import type { Explanation } from '../core/decide/explain.ts';
import { ERRORS } from '../core/errors.ts';
import type { Verdict } from '../core/limit/verdict.ts';
import type { Instance } from '../core/model/instance.ts';
import type { Origin } from '../core/model/origin.ts';
import type { Quarantined } from '../core/model/quarantine.ts';
import type { Backend, Rule } from '../core/model/rule.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { normalisePath } from '../core/path.ts';
import type { RequestFacts } from '../core/request-facts.ts';
import { readQuery } from '../core/route/query.ts';
import { severityOf } from '../core/rules/quarantine.ts';
import type { CandidateAnswer, ExplainAnswer, InstanceExplained } from './api.ts';
import { AdminProblem } from './router.ts';
import { origin, route } from './views.ts';

type Ejected = ReadonlyMap<string, number>;

const URL_PARTS = /^(?:(https?):\/\/([^/?#]*))?(\/[^?#]*)?(\?[^#]*)?(?:#.*)?$/i;

/**
 * A request as somebody describes it.
 *
 * @throws AdminProblem where the description is none of a request
 */
export const describedRequest = (query: URLSearchParams): RequestFacts => {
  const [, scheme = 'http', authority = '', rawPath = '/', rawQuery = ''] =
    URL_PARTS.exec(query.get('url') ?? '/') ??
    bad(
      `"${query.get('url')}" is no URL and no path; write e.g. /orders/1 or http://shop.example.com/orders/1`,
    );
  const path = normalisePath(rawPath) ?? bad('the path of the URL is malformed, and so would the request be');
  const headers = readHeaders(query.getAll('header'));
  const parameters = readQuery(rawQuery);
  const clientAddress = query.get('address');
  if (clientAddress !== null && isIP(clientAddress) === 0) bad(`"${clientAddress}" is no IP address`);
  return {
    // No request has it in lower case: Node's parser knows the registered names alone.
    method: (query.get('method') ?? 'GET').toUpperCase(),
    scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http',
    host: hostOf(authority === '' ? (headers.get('host') ?? '') : authority),
    path,
    header: name => headers.get(name),
    query: name => parameters.get(name),
    ...(clientAddress === null ? {} : { clientAddress }),
  };
};

const bad = (detail: string): never => {
  throw new AdminProblem(400, 'Bad request', detail);
};

/** Several lines of one name are joined (RFC 9110, 5.3). */
const readHeaders = (lines: readonly string[]): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) bad(`"${line}" is no header; write e.g. "x-version: v2"`);
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
};

/** Lower case, without port or trailing dot. */
const hostOf = (authority: string): string => authority.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();

export const explainAnswer = (
  { method, host }: RequestFacts,
  { outcome, path, match }: Explanation,
  snapshot: Snapshot,
  ejected: Ejected,
): ExplainAnswer => {
  const winner = match.candidates.find(({ missing }) => missing === undefined);
  const rule = winner?.route.rule;
  return {
    revision: snapshot.revision,
    request: { method, host, path },
    candidates: match.candidates.map(({ route: { rule: each }, missing }): CandidateAnswer => {
      const wins = each === rule;
      const why = missing === undefined ? `${rule?.id} goes first` : `${missing} does not hold`;
      return { route: each.id, origin: origin(each.origin), wins, ...(wins ? {} : { why }) };
    }),
    isCut: match.isCut,
    ...(rule === undefined ? {} : { rule: route(rule, ejected) }),
    ...outcomeOf(outcome),
    ...limitOf(outcome.limited),
    instances: rule === undefined ? [] : instancesOf(rule, outcome, snapshot, ejected),
  };
};

const outcomeOf = (outcome: Explanation['outcome']): Pick<ExplainAnswer, 'target' | 'answer' | 'refusal'> => {
  if (isRefusal(outcome)) {
    const { code, where: { service = '' } = {} } = outcome;
    return { refusal: { code, ...ERRORS[code], ...(service === '' ? {} : { service }) } };
  }
  if (!isDecision(outcome)) return { answer: outcome.answer };
  const { where, choice, path, setCookie, session } = outcome;
  const { reason = 'only', roll, serviceRoll } = choice ?? {};
  return {
    target: {
      service: where.service,
      version: where.version,
      reason,
      ...(roll === undefined ? {} : { roll }),
      ...(serviceRoll === undefined ? {} : { serviceRoll }),
      ...(setCookie === undefined ? {} : { setCookie }),
      path,
      ...(session === undefined ? {} : { session: { name: session.name, state: session.state } }),
    },
  };
};

const limitOf = (limited: Verdict | undefined): Pick<ExplainAnswer, 'limit'> => {
  if (limited === undefined) return {};
  const { limit, remaining, reset, resetSeconds } = limited;
  const scope = limit.isShared ? 'shared' : 'local';
  // A header tells at least a second; here nothing is nothing.
  return { limit: { limit: limit.text, remaining, resetSeconds: reset === 0 ? 0 : resetSeconds, scope } };
};

const instancesOf = (
  { backends, origin: { from } }: Rule,
  outcome: Explanation['outcome'],
  { services, quarantine }: Snapshot,
  ejected: Ejected,
): InstanceExplained[] => {
  const chosen = isDecision(outcome) ? outcome.where : undefined;
  const names = [...new Set(backends.map(({ service }) => service))];
  return names.flatMap(service =>
    (services.get(service)?.instances ?? []).map((instance): InstanceExplained => {
      const { id, address, port } = instance;
      const version = versionOf(backends, id);
      const isChosen = chosen?.service === service && chosen.version === version;
      const why =
        version === undefined ? whyOut(instance, from, quarantine) : whyHeldBack(instance, ejected.get(id));
      return {
        service,
        id,
        address,
        port,
        ...(version === undefined ? {} : { version }),
        state: version === undefined ? 'out' : isChosen ? 'chosen' : 'live',
        ...(why === undefined ? {} : { why }),
      };
    }),
  );
};

/** The version as which an instance serves the rule. */
const versionOf = (backends: readonly Backend[], id: string): string | undefined =>
  backends
    .flatMap(({ arms }) => arms)
    .find(({ targets }) => targets.some(({ instance }) => instance.id === id))?.version;

const whyOut = (
  { id, health }: Instance,
  from: Origin['from'],
  quarantine: readonly Quarantined[],
): string => {
  if (health !== 'passing') return `its health is ${health}`;
  const fault = quarantine.find(entry => entry.instance === id && severityOf(entry) === 'error');
  if (fault !== undefined) return `in quarantine: ${fault.subject}: ${fault.reason}`;
  return from === 'tags' ? 'its tags do not ask for this rule' : 'the document asks for another version';
};

const whyHeldBack = ({ heldUntil }: Instance, ejectedUntil: number | undefined): string | undefined => {
  if (ejectedUntil !== undefined) {
    return `it failed too often: others serve until ${new Date(ejectedUntil).toISOString()}, unless most are out`;
  }
  if (heldUntil === undefined) return undefined;
  return `Consul no longer lists it; it is held until ${new Date(heldUntil).toISOString()}`;
};
