import { Command } from 'commander';
import type { LedgerEntryAnswer } from '../admin/api.ts';
import type { Weights } from '../core/model/split.ts';
import { isVersionName, MAX_WEIGHT, readWeight } from '../core/weights.ts';
import { isServiceName } from '../weights/check.ts';
import { CliError } from './errors.ts';
import { addSettings, configOf, weightsAreInRedis } from './options.ts';
import { print, printJson, weightsText } from './print.ts';
import { openWeights, type WeightsAccess } from './weights-access.ts';
import { describeHeld, describeHistory, describeInForce, likelyMistakes } from './weights-text.ts';

interface Options {
  readonly json?: boolean;
  readonly reason?: string;
  readonly count?: string;
}

export const weightsCommand = (): Command =>
  new Command('weights')
    .description('read and turn the dial: the share of traffic of each version of a service')
    .addHelpText(
      'after',
      `
Examples:
  sluice weights get orders
  sluice weights set orders v1=95 v2=5 --reason "canary"
  sluice weights set orders v1=1 v2=0        an explicit 0 is exactly none
  sluice weights clear orders                back to the default split
  sluice weights history orders`,
    )
    .addCommand(
      leaf('get', 'show the weights, and what a gateway has in force').action(
        run(async (access, service, _rest, { json }) => {
          const answer = await access.get(service);
          if (json === true) printJson(answer);
          else print((access.where === 'redis' ? describeHeld : describeInForce)(service, answer));
        }),
      ),
    )
    .addCommand(
      leaf('set', 'replace the weights: VERSION=WEIGHT …; versions not named get none')
        .argument('<version=weight...>', 'e.g. v1=95 v2=5; any numbers from 0, read as shares of their sum')
        .option('--reason <text>', 'for the ledger')
        .action(
          run(async (access, service, rest, { json, reason }) => {
            const weights = readWeights(rest);
            changed(service, await access.set(service, weights, reason), json);
            await warn(access, service, weights);
          }),
        ),
    )
    .addCommand(
      leaf('clear', 'forget the weights: back to weight= tags, or to an equal share an instance')
        .option('--reason <text>', 'for the ledger')
        .action(
          run(async (access, service, _rest, { json, reason }) => {
            changed(service, await access.clear(service, reason), json);
          }),
        ),
    )
    .addCommand(
      leaf('history', 'who changed what, when and why, the newest first')
        .option('--count <n>', 'how many entries', '20')
        .action(
          run(async (access, service, _rest, { json, count }) => {
            const entries = await access.history(service, readCount(count ?? '20'));
            if (json === true) printJson({ entries });
            else print(describeHistory(service, entries));
          }),
        ),
    );

const leaf = (name: string, description: string): Command =>
  addSettings(new Command(name), ['redis', 'redisPrefix', 'admin'])
    .description(`${description}; in Redis where one is configured, unless only --admin is given`)
    .argument('<service>', 'a name in the Consul catalog')
    .option('--json', 'as JSON');

type Work = (
  access: WeightsAccess,
  service: string,
  rest: readonly string[],
  options: Options,
) => Promise<void>;

/** Commander hands over (service, [rest], options, command). */
const run =
  (work: Work) =>
  async (service: string, ...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const rest = Array.isArray(given[0]) ? (given[0] as string[]) : [];
    if (!isServiceName(service)) {
      const name = JSON.stringify(service);
      throw new CliError(`${name}: expected a service name of 1 to 255 printable characters, e.g. orders`, 2);
    }
    const access = openWeights(configOf(command), weightsAreInRedis(command));
    try {
      await work(access, service, rest, command.opts<Options>());
    } finally {
      await access.close();
    }
  };

const readWeights = (pairs: readonly string[]): Weights => {
  const weights = new Map<string, number>();
  for (const pair of pairs) {
    const at = pair.lastIndexOf('=');
    const version = pair.slice(0, Math.max(at, 0));
    const weight = at < 0 ? undefined : readWeight(pair.slice(at + 1));
    if (!isVersionName(version) || weight === undefined) {
      throw new CliError(
        `"${pair}": expected VERSION=WEIGHT with a weight from 0 to ${MAX_WEIGHT}, e.g. v2=5`,
        2,
      );
    }
    if (weights.has(version)) throw new CliError(`"${pair}": ${version} is named twice`, 2);
    weights.set(version, weight);
  }
  return weights;
};

const readCount = (text: string): number => {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1000) return count;
  throw new CliError(`--count "${text}": expected a whole number from 1 to 1000`, 2);
};

const changed = (service: string, entry: LedgerEntryAnswer, json: boolean | undefined): void => {
  if (json === true) {
    printJson(entry);
    return;
  }
  print(
    `${service}: ${weightsText(entry.to)} (revision ${entry.revision}; before: ${weightsText(entry.from)})`,
  );
};

/** On stderr, of what was done all the same. That a gateway can't be asked is no failure of what was done. */
const warn = async (access: WeightsAccess, service: string, weights: Weights): Promise<void> => {
  const asked = access.where === 'gateway' ? await access.get(service).catch(() => undefined) : undefined;
  for (const note of likelyMistakes(service, weights, asked)) process.stderr.write(`note: ${note}\n`);
};
