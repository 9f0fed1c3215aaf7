import { Command } from 'commander';
import type { QuarantineAnswer, QuarantinedAnswer } from '../admin/api.ts';
import { adminClient } from './admin-client.ts';
import { addSettings, configOf } from './options.ts';
import { print, printJson, table } from './print.ts';

export const lintCommand = (): Command =>
  addSettings(new Command('lint'), ['admin'])
    .description('show what a gateway was told and does not serve, and why; exits 1 if there is any')
    .option('--json', 'as JSON, as GET /api/quarantine has it')
    .addHelpText(
      'after',
      `
Bad tags and route documents, two owners of one match, instances that disagree: each with its reason, its owner and
since when. Everything else is served. Tags that look mistyped are warnings, and so is a rate limit that gateways without
Redis cannot share: if there is nothing else, it exits 0.

Examples:
  sluice lint
  sluice lint --admin 10.0.0.5:9901 --json
  sluice routes check routes/                 before they are in force`,
    )
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await adminClient(configOf(command).admin).get<QuarantineAnswer>('/api/quarantine');
      const errors = answer.quarantine.filter(({ severity }) => severity === 'error');
      const warnings = answer.quarantine.filter(({ severity }) => severity === 'warning');
      if (options.json === true) printJson(answer);
      else {
        if (errors.length === 0) print('Nothing is in quarantine: all that was told is served.');
        if (answer.quarantine.length > 0) print(table([HEAD, ...[...errors, ...warnings].map(row)]));
      }
      if (errors.length > 0) process.exitCode = 1;
    });

const HEAD = ['SINCE', 'KIND', 'OWNER', 'WHAT', 'WHERE', 'WHY'];

const row = ({ since, kind, owner, subject, place, instance, reason }: QuarantinedAnswer): string[] => [
  since,
  kind,
  owner,
  subject,
  place ?? instance ?? '-',
  reason,
];
