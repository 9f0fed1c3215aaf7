import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { parse as parseYaml } from 'yaml';
import type { CanaryAnswer } from '../admin/canaries-api.ts';
import { COMMANDS, type CommandName } from '../canary/commands.ts';
import { type PlanDocument, planOf, readDocument } from '../canary/document.ts';
import { PLAN_SETTINGS } from '../canary/plan.ts';
import { helpText, type Setting } from '../core/settings/settings.ts';
import { actor, type CanaryAccess, openCanaries } from './canary-access.ts';
import { describeCanaries, describeCanary, progressOf } from './canary-text.ts';
import { watchCanary } from './canary-watch.ts';
import { CliError } from './errors.ts';
import { addSettings, configOf, weightsAreInRedis } from './options.ts';
import { print, printJson } from './print.ts';

interface Options {
  readonly json?: boolean;
  readonly reason?: string;
  readonly file?: string;
  readonly watch?: boolean;
}

const HELP: Readonly<Record<CommandName, string>> = {
  pause: 'keep the step that is in force; a breach rolls back all the same',
  resume: 'go on after a pause',
  promote: 'give it all the traffic now, and end the rollout',
  abort: 'give it no traffic any more, and end the rollout',
};

/** For whoever leads to take a command up, in milliseconds. */
const TAKE_UP = 15_000;

export const canaryCommand = (): Command => {
  const command = new Command('canary')
    .description(
      'shift the traffic of a service to another version by steps, watched, and back where it fails',
    )
    .addHelpText(
      'after',
      `
Examples:
  sluice canary start orders --to v2 --steps 1,5,25,50,100 --every 60s
  sluice canary start orders --to v2 --max-error-rate 1% --max-p99-ratio 1.3 --min-requests 500 --watch
  sluice canary start orders --to v2 --steps 100 --every 5m      blue-green: all at once, watched for 5 minutes
  sluice canary start orders --to v2 --mirror 10%                copies first: v2 answers nobody
  sluice canary start --file canary.yaml
  sluice canary watch orders
  sluice canary pause orders --reason "incident elsewhere"
  sluice canary abort orders`,
    )
    .addCommand(startCommand())
    .addCommand(statusCommand())
    .addCommand(
      leaf('watch', 'follow a rollout until it is over; exit code 0 where it was promoted, else 1')
        .argument('<service>', 'a name in the Consul catalog')
        .action(run((access, service) => follow(access, service))),
    );
  for (const name of COMMANDS) command.addCommand(simpleCommand(name));
  return command;
};

const startCommand = (): Command => {
  const command = leaf('start', 'begin a rollout')
    .argument('[service]', 'a name in the Consul catalog; a file may say it instead')
    .option('--file <file>', 'a YAML document with the same keys as these flags, and "service"')
    .option('--reason <text>', 'for the ledger and the log')
    .option('--watch', 'follow it until it is over');
  for (const setting of Object.values<Setting<unknown>>(PLAN_SETTINGS)) {
    if (setting.flag !== undefined) command.option(setting.flag, helpText(setting));
  }
  return command.action(
    run(async (access, named, options, flags) => {
      const { file = '' } = options;
      const document: PlanDocument = file === '' ? { values: new Map() } : readFile(file);
      const service = named || document.service;
      if (service === undefined)
        throw new CliError('name the service, e.g. sluice canary start orders --to v2', 2);
      const plan = planOf(document, file, flags);
      const reason = options.reason ?? document.reason;
      await access.start(service, plan, { actor: actor(), ...(reason === undefined ? {} : { reason }) });
      const canary = await settled(access, service, ({ phase }) => phase !== 'new');
      if (canary.outcome === 'refused') throw new CliError(canary.why ?? 'refused');
      if (options.json === true) printJson(canary);
      else print(`${service}: a rollout to ${plan.to} has begun: ${plan.steps.join(' %, ')} %`);
      if (options.watch === true) await follow(access, service);
    }),
  );
};

const statusCommand = (): Command =>
  leaf('status', 'one rollout, or all of them')
    .argument('[service]', 'a name in the Consul catalog')
    .action(
      run(async (access, service, { json }) => {
        if (service === '') {
          const canaries = await access.list();
          if (json === true) printJson({ canaries });
          else print(describeCanaries(canaries));
          return;
        }
        const canary = await get(access, service);
        if (json === true) printJson(canary);
        else print(describeCanary(canary));
      }),
    );

const simpleCommand = (name: CommandName): Command =>
  leaf(name, HELP[name])
    .argument('<service>', 'a name in the Consul catalog')
    .option('--reason <text>', 'for the ledger and the log')
    .action(
      run(async (access, service, { json, reason }) => {
        await access.command(service, name, { actor: actor(), ...(reason === undefined ? {} : { reason }) });
        const canary = await settled(access, service, ({ wish }) => wish === undefined);
        if (json === true) printJson(canary);
        else print(`${service}: ${canary.outcome === undefined ? canary.next : progressOf(canary)}`);
      }),
    );

const leaf = (name: string, description: string): Command =>
  addSettings(new Command(name), ['redis', 'redisPrefix', 'admin'])
    .description(`${description}; in Redis where one is configured, unless only --admin is given`)
    .option('--json', 'as JSON');

type Work = (
  access: CanaryAccess,
  /** Empty where it was not named. */
  service: string,
  options: Options,
  flags: Readonly<Record<string, unknown>>,
) => Promise<void>;

/** Commander hands over (service, options, command). */
const run =
  (work: Work) =>
  async (service: string | undefined, _options: unknown, command: Command): Promise<void> => {
    const access = openCanaries(configOf(command), weightsAreInRedis(command));
    try {
      await work(access, service ?? '', command.opts<Options>(), command.opts());
    } finally {
      await access.close();
    }
  };

const get = async (access: CanaryAccess, service: string): Promise<CanaryAnswer> => {
  const canary = await access.get(service);
  if (canary !== undefined) return canary;
  throw new CliError(`there was no rollout of ${service} yet; begin one with sluice canary start`);
};

/** A gateway leads, and sees what was asked of it within a second or so. */
const settled = async (
  access: CanaryAccess,
  service: string,
  isSettled: (canary: CanaryAnswer) => boolean,
): Promise<CanaryAnswer> => {
  const deadline = performance.now() + TAKE_UP;
  for (;;) {
    const canary = await get(access, service);
    if (isSettled(canary)) return canary;
    if (performance.now() > deadline) {
      throw new CliError(
        `no gateway has taken it up within ${TAKE_UP / 1_000} s: is one running with this Redis? It stays asked for`,
      );
    }
    await wait(200);
  }
};

const follow = async (access: CanaryAccess, service: string): Promise<void> => {
  let isFirst = true;
  const ask = async (): Promise<CanaryAnswer> => {
    if (!isFirst) await wait(1_000);
    isFirst = false;
    return get(access, service);
  };
  const { outcome, why } = await watchCanary(ask, {
    isTTY: process.stdout.isTTY === true,
    write: text => process.stdout.write(text),
  });
  if (outcome !== 'promoted') throw new CliError(`${service}: ${outcome}: ${why}`);
};

const readFile = (file: string): PlanDocument => {
  let document: unknown;
  try {
    document = parseYaml(readFileSync(file, 'utf8'), { prettyErrors: true });
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new CliError(`${file}: ${line.replace(/:$/, '')}`, 2);
  }
  return readDocument(document, file);
};
