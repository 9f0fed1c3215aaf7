import { Command } from 'commander';
import type { CandidateAnswer, ExplainAnswer, InstanceExplained, VersionAnswer } from '../admin/api.ts';
import type { SessionState } from '../core/route/route-session.ts';
import { formatHostPort, formatShare } from '../core/values.ts';
import { adminClient } from './admin-client.ts';
import { addSettings, configOf } from './options.ts';
import { print, printJson, table } from './print.ts';

interface Options {
  readonly header?: readonly string[];
  readonly address?: string;
  readonly json?: boolean;
}

export const explainCommand = (): Command =>
  addSettings(new Command('explain'), ['admin'])
    .description('show where a request would go, and why: rules, version, instances')
    .argument('<method>', 'GET, POST, …')
    .argument('<url>', 'a URL, or a path for any host')
    .option('-H, --header <line>', 'a header of the request; repeatable', collect)
    .option('--address <ip>', "the client's address")
    .option('--json', 'as JSON, as GET /api/explain has it')
    .addHelpText(
      'after',
      `
The gateway decides about the request as if it had come, by the same code; nothing is sent anywhere. Exits 1 where it
would go nowhere.

Examples:
  sluice explain GET /orders/1
  sluice explain GET http://shop.example.com/orders/1?beta=1 -H "x-version: v2"
  sluice explain POST /orders -H "cookie: session=abc" --json`,
    )
    .action(async (method: string, url: string, options: Options, command: Command) => {
      const query = new URLSearchParams({ method, url });
      for (const line of options.header ?? []) query.append('header', line);
      if (options.address !== undefined) query.set('address', options.address);
      const answer = await adminClient(configOf(command).admin).get<ExplainAnswer>(`/api/explain?${query}`);
      if (options.json === true) printJson(answer);
      else print(explanationText(answer));
      if (answer.refusal !== undefined) process.exitCode = 1;
    });

const collect = (line: string, before: readonly string[] = []): readonly string[] => [...before, line];

const explanationText = (answer: ExplainAnswer): string => {
  const { method, host, path } = answer.request;
  return [
    `${method} ${host === '' ? path : `${host}${path}`}`,
    '',
    candidatesText(answer),
    '',
    outcomeText(answer),
    ...(answer.limit === undefined ? [] : [limitText(answer.limit)]),
    ...(answer.instances.length === 0
      ? []
      : ['', table([INSTANCE_HEAD, ...answer.instances.map(instanceRow)])]),
  ].join('\n');
};

const candidatesText = ({ candidates, isCut }: ExplainAnswer): string => {
  if (candidates.length === 0)
    return 'No rule has this host and path. "sluice routes" lists those there are, "sluice lint" what is not served.';
  const rows = candidates.map(({ route, origin, wins, why = '' }) => [
    wins ? '->' : '',
    route,
    originText(origin),
    wins ? 'wins' : why,
  ]);
  return `${table([['', 'RULE', 'FROM', 'WHY'], ...rows])}${isCut ? '\n… and more' : ''}`;
};

const originText = ({ from, service, name, index = 0, rule, place }: CandidateAnswer['origin']): string =>
  from === 'tags' ? `tags of ${service}` : `${name}, rule ${rule ?? index + 1} (${place})`;

const outcomeText = ({ target, answer, refusal, rule }: ExplainAnswer): string => {
  if (refusal !== undefined) return refusalText(refusal, rule);
  if (answer !== undefined) return `The rule answers by itself: ${answer.status}${fieldsText(answer.fields)}`;
  if (target === undefined) return '';
  const { service, version, serviceRoll, setCookie, path, session } = target;
  const split = rule?.backends.find(
    each => each.service === service && (each.version ?? version) === version,
  );
  return [
    `To ${service} ${version}: ${reasonText(target)}.`,
    ...(serviceRoll === undefined ? [] : [`Services: ${servicesText(rule)}${rolled(serviceRoll)}.`]),
    ...(split === undefined ? [] : [`Split: ${sharesText(split.versions)} (from ${split.source}).`]),
    ...(setCookie === undefined ? [] : [`It is given the cookie ${setCookie}`]),
    `The instance is asked for ${path}.`,
    ...(session === undefined ? [] : [`Session ${session.name}: ${SESSIONS[session.state]}.`]),
  ].join('\n');
};

const limitText = ({
  limit,
  remaining,
  resetSeconds,
  scope,
}: NonNullable<ExplainAnswer['limit']>): string => {
  const stands =
    remaining === 0
      ? `used up; the next one in ${resetSeconds} s`
      : `${remaining} more may pass now${resetSeconds === 0 ? '' : `, all of it again in ${resetSeconds} s`}`;
  return `Limit ${limit} (${scope}): ${stands}.`;
};

const refusalText = (
  { status, code, title, service }: NonNullable<ExplainAnswer['refusal']>,
  rule: ExplainAnswer['rule'],
): string => {
  const of = (rule?.backends.length ?? 0) > 1 && service !== undefined ? ` (the part of ${service})` : '';
  return `Answered with ${status} ${code}: ${title}${of}`;
};

const reasonText = ({ reason, roll, setCookie }: NonNullable<ExplainAnswer['target']>): string => {
  switch (reason) {
    case 'pin':
      return 'the request names it';
    case 'session':
      return 'the caller is in a session with it';
    case 'sticky':
      return setCookie === undefined
        ? `the caller stays with it${rolled(roll)}`
        : `a new caller${rolled(roll)}; another may fall elsewhere, and each stays with its version`;
    case 'split':
      return `drawn${rolled(roll)}; another request may fall elsewhere`;
    case 'only':
      return 'there is no other to choose';
  }
};

const rolled = (roll: number | undefined): string => (roll === undefined ? '' : ` (${roll.toFixed(4)})`);

const sharesText = (versions: readonly VersionAnswer[]): string =>
  versions.map(({ version, share }) => `${version} ${formatShare(share)}`).join(', ');

const servicesText = (rule: ExplainAnswer['rule']): string =>
  (rule?.backends ?? [])
    .map(
      ({ service, version, share }) =>
        `${[service, version].filter(Boolean).join(' ')} ${formatShare(share)}`,
    )
    .join(', ');

const SESSIONS: Readonly<Record<SessionState, string>> = {
  kept: 'it goes on with the same instance',
  new: 'none was sent; one begins with this request',
  expired: 'its time is over; another begins',
  gone: 'its instance is not there any more, or gets no traffic; another begins',
  pinned: 'it is with another version than the request names; another begins',
  unreadable: 'its token is not one of this rule, or was not made with our --sticky-key; another begins',
};

const fieldsText = (fields: readonly string[]): string =>
  fields.map((text, i) => (i % 2 === 0 ? `\n  ${text}: ` : text)).join('');

const INSTANCE_HEAD = ['INSTANCE', 'ADDRESS', 'VERSION', 'STATE', 'WHY'];

const instanceRow = ({ id, address, port, version = '-', state, why = '' }: InstanceExplained): string[] => [
  id,
  formatHostPort({ host: address, port }),
  version,
  state,
  why,
];
