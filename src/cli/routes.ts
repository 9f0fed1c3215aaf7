import { Command } from 'commander';
import type {
  BackendAnswer,
  QuarantineAnswer,
  RouteAnswer,
  RoutesAnswer,
  SourceAnswer,
  StatusAnswer,
  VersionAnswer,
} from '../admin/api.ts';
import { formatShare } from '../core/values.ts';
import { adminClient } from './admin-client.ts';
import { addSettings, configOf } from './options.ts';
import { print, printJson, table } from './print.ts';
import { routesCheckCommand } from './routes-check.ts';

export const routesCommand = (): Command =>
  addSettings(new Command('routes'), ['admin'])
    .description('show what is routed where, and what is in quarantine')
    .option('--json', 'as JSON, as GET /api/routes has it')
    .addHelpText(
      'after',
      `
A route reads METHOD HOST/PATH HEADER=VALUE ?PARAMETER=VALUE. /* ends a prefix by segments, ^ begins one by characters,
~ an expression. BY says where the shares of the versions come from: weights, tags, the number of instances, a document,
or unnamed where every version that the weights name is dead. FROM says what made the rule: tags, or which document.

Examples:
  sluice routes
  sluice routes --admin 10.0.0.5:9901 --json
  sluice routes check routes/                 route documents, before they are in force`,
    )
    .addCommand(routesCheckCommand())
    .action(async (options: { json?: boolean }, command: Command) => {
      const admin = adminClient(configOf(command).admin);
      const [routes, { consul, weights }, { quarantine }] = await Promise.all([
        admin.get<RoutesAnswer>('/api/routes'),
        admin.get<StatusAnswer>('/api/status'),
        admin.get<QuarantineAnswer>('/api/quarantine'),
      ]);
      if (options.json === true) {
        printJson(routes);
        return;
      }
      if (routes.routes.length === 0) {
        print('No routes: no service in Consul carries a path=, exact= or host= tag.');
      } else
        print(table([['ROUTE', 'SERVICE', 'SPLIT', 'BY', 'LIVE', 'FROM'], ...routes.routes.flatMap(rows)]));
      for (const { severity, owner, subject, reason, since } of quarantine) {
        const label = severity === 'error' ? 'quarantined' : 'warning';
        print(`${label}: ${owner}: ${subject}: ${reason} (since ${since})`);
      }
      for (const note of [...absence('Consul', consul), ...absence('Redis', weights)]) print(note);
    });

/** A line for each service that serves it. */
const rows = ({ route, backends, filters, origin }: RouteAnswer): string[][] => {
  const from = origin.from === 'tags' ? 'tags' : (origin.name ?? '');
  if (backends.length === 0) {
    const isRedirect = filters?.some(({ type }) => type === 'redirect') ?? false;
    return [[route, isRedirect ? '(redirect)' : '(nobody)', '-', '-', '-', from]];
  }
  return backends.map(backend => [
    route,
    serviceText(backend, backends.length > 1),
    ...splitCells(backend),
    from,
  ]);
};

/** `orders`, or `orders 90 %` where it serves a part of the requests only. */
const serviceText = ({ service, share, isUnknown }: BackendAnswer, isPart: boolean): string =>
  `${service}${isPart ? ` ${formatShare(share)}` : ''}${isUnknown === true ? ' (unknown)' : ''}`;

const splitCells = ({ source, versions }: BackendAnswer): string[] => [
  versions.map(({ version, share }) => `${version} ${formatShare(share)}`).join(', ') || '-',
  source,
  live(versions.flatMap(({ instances }) => instances)),
];

/** What is shown is not the present where its source is away. */
const absence = (name: string, { state, since, detail = '', lastKnownAt }: SourceAnswer): string[] => {
  if (state === 'up') return [];
  const inForce =
    lastKnownAt === undefined
      ? 'what it said last is in force'
      : `in force is the state from disk, last live at ${lastKnownAt} (${ago(lastKnownAt)} ago)`;
  return [`${name} is away since ${since}, and ${inForce}: ${detail}`];
};

/** `40s`, `12min`, `3h`, `2d` */
const ago = (time: string): string => {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1_000));
  const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? [1, 's'];
  return `${Math.floor(seconds / size)}${unit}`;
};

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/** `3`, or `3 (1 held, 1 ejected)` where Consul no longer lists one, or one gets no traffic for its failures. */
const live = (instances: VersionAnswer['instances']): string => {
  const held = instances.filter(({ heldUntil }) => heldUntil !== undefined).length;
  const ejected = instances.filter(({ ejectedUntil }) => ejectedUntil !== undefined).length;
  const notes = [held > 0 ? `${held} held` : '', ejected > 0 ? `${ejected} ejected` : ''].filter(
    note => note !== '',
  );
  return notes.length === 0 ? String(instances.length) : `${instances.length} (${notes.join(', ')})`;
};
