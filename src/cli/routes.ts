import { Command } from 'commander';
import type {
  BackendAnswer,
  QuarantineAnswer,
  RouteAnswer,
  RoutesAnswer,
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
Examples:
  sluice routes
  sluice routes --admin 10.0.0.5:9901 --json
  sluice routes check routes/                 route documents, before they are in force`,
    )
    .addCommand(routesCheckCommand())
    .action(async (options: { json?: boolean }, command: Command) => {
      const admin = adminClient(configOf(command).admin);
      const [routes, { quarantine }] = await Promise.all([
        admin.get<RoutesAnswer>('/api/routes'),
        admin.get<QuarantineAnswer>('/api/quarantine'),
      ]);
      if (options.json === true) {
        printJson(routes);
        return;
      }
      if (routes.routes.length === 0) {
        print('No routes: no service in Consul carries a path=, exact= or host= tag.');
      } else print(table([['ROUTE', 'SERVICE', 'SPLIT', 'FROM', 'LIVE'], ...routes.routes.flatMap(rows)]));
      for (const { owner, subject, reason, since } of quarantine) {
        print(`quarantined: ${owner}: ${subject}: ${reason} (since ${since})`);
      }
    });

/** A line for each service that serves it. */
const rows = ({ route, backends }: RouteAnswer): string[][] => {
  if (backends.length === 0) return [[route, '-', '-', '-', '-']];
  return backends.map(backend => [route, serviceText(backend, backends.length > 1), ...splitCells(backend)]);
};

/** `orders`, or `orders 90 %` where it serves a part of the requests only. */
const serviceText = ({ service, share, isUnknown }: BackendAnswer, isPart: boolean): string =>
  `${service}${isPart ? ` ${formatShare(share)}` : ''}${isUnknown === true ? ' (unknown)' : ''}`;

const splitCells = ({ source, versions }: BackendAnswer): string[] => [
  versions.map(({ version, share }) => `${version} ${formatShare(share)}`).join(', ') || '-',
  source,
  live(versions.flatMap(({ instances }) => instances)),
];

/** `3`, or `3 (1 held, 1 ejected)` where Consul no longer lists one, or one gets no traffic for its failures. */
const live = (instances: VersionAnswer['instances']): string => {
  const held = instances.filter(({ heldUntil }) => heldUntil !== undefined).length;
  const ejected = instances.filter(({ ejectedUntil }) => ejectedUntil !== undefined).length;
  const notes = [held > 0 ? `${held} held` : '', ejected > 0 ? `${ejected} ejected` : ''].filter(
    note => note !== '',
  );
  return notes.length === 0 ? String(instances.length) : `${instances.length} (${notes.join(', ')})`;
};
