import { Command } from 'commander';
import type { LedgerEntryAnswer } from '../admin/weights-api.ts';
import type { Weights } from '../core/model/split.ts';
import { LEDGER_LENGTH } from '../core/model/weights.ts';
import { isServiceName } from '../weights/check.ts';
import { findUndo } from '../weights/undo.ts';
import { CliError } from './errors.ts';
import { addSettings, configOf, weightsAreInRedis } from './options.ts';
import { print, printJson } from './print.ts';
import { openWeights, type WeightsAccess, type Wish } from './weights-access.ts';
import { readCount, readFor, readRevision, readWeights } from './weights-input.ts';
import {
  describeDone,
  describeHeld,
  describeHistory,
  describeInForce,
  likelyMistakes,
} from './weights-text.ts';

interface Options {
  readonly json?: boolean;
  readonly reason?: string;
  readonly count?: string;
  readonly expectRevision?: string;
  readonly for?: string;
}

export const weightsCommand = (): Command => {
  const command = new Command('weights')
    .description('read and turn the dial: the share of traffic of each version of a service')
    .addHelpText('after', HELP);
  for (const each of [get, set, clear, history, undo, freeze, unfreeze]) command.addCommand(each());
  return command;
};

const HELP = `
Examples:
  sluice weights get orders
  sluice weights set orders v1=95 v2=5 --reason "canary"
  sluice weights set orders v1=1 v2=0              an explicit 0 is exactly none
  sluice weights set orders v1=50 v2=50 --for 30m  goes back by itself
  sluice weights set orders v1=90 v2=10 --expect-revision 7
                                                   only if nobody changed it since
  sluice weights clear orders                      back to the default split
  sluice weights history orders
  sluice weights undo orders                       what the last change changed
  sluice weights undo orders 7                     revision 7 and all that came after it
  sluice weights freeze orders --reason "black friday"

Exit code: 0 done; 1 could not be done; 2 not asked rightly; 3 refused, because somebody has changed the weights since, or
has frozen them.`;

const get = (): Command =>
  leaf('get', 'show the weights, and what a gateway has in force').action(
    run(async (access, service, _rest, { json }) => {
      const answer = await access.get(service);
      if (json === true) printJson(answer);
      else print((access.where === 'redis' ? describeHeld : describeInForce)(service, answer));
    }),
  );

const set = (): Command =>
  changing(leaf('set', 'replace the weights: VERSION=WEIGHT …; versions not named get none'))
    .argument('<version=weight...>', 'e.g. v1=95 v2=5; any numbers from 0, read as shares of their sum')
    .action(
      run(async (access, service, rest, options) => {
        const weights = readWeights(rest);
        done(service, await access.set(service, weights, wishOf(options)), options);
        await warn(access, service, weights);
      }),
    );

const clear = (): Command =>
  changing(
    leaf('clear', 'forget the weights: back to weight= tags, or to an equal share an instance'),
  ).action(
    run(async (access, service, _rest, options) => {
      done(service, await access.clear(service, wishOf(options)), options);
    }),
  );

const history = (): Command =>
  leaf('history', 'who changed what, when and why, the newest first')
    .option('--count <n>', 'how many entries', '20')
    .action(
      run(async (access, service, _rest, { json, count }) => {
        const entries = await access.history(service, readCount(count ?? '20'));
        if (json === true) printJson({ entries });
        else print(describeHistory(service, entries));
      }),
    );

const undo = (): Command =>
  leaf('undo', 'back to the weights before the last change, or before a revision; undo an undo to redo')
    .argument('[revision]', 'the first one to be undone')
    .option('--reason <text>', 'for the ledger')
    .action(
      run(async (access, service, [given], options) => {
        const wanted = given === undefined ? undefined : readRevision('revision', given, 1);
        const entries = await access.history(service, LEDGER_LENGTH);
        const { weights, revision, expectRevision } = findUndo(entries, wanted);
        const reason = `undo of revision ${revision}${options.reason === undefined ? '' : `: ${options.reason}`}`;
        const wish = { reason, expectRevision };
        const entry = await (weights.size === 0
          ? access.clear(service, wish)
          : access.set(service, weights, wish));
        done(service, entry, options);
      }),
    );

const freeze = (): Command =>
  acting(leaf('freeze', 'refuse every change until unfreeze; one by redis-cli is put back')).action(
    run(async (access, service, _rest, options) => {
      const { reverts } = await access.get(service);
      done(service, await access.freeze(service, wishOf(options)), options);
      if (reverts !== undefined) note(`they would have gone back at ${reverts.at}, and stay as they are now`);
    }),
  );

const unfreeze = (): Command =>
  acting(leaf('unfreeze', 'let the weights be changed again')).action(
    run(async (access, service, _rest, options) => {
      done(service, await access.unfreeze(service, wishOf(options)), options);
    }),
  );

const acting = (command: Command): Command =>
  command
    .option('--reason <text>', 'for the ledger')
    .option('--expect-revision <n>', 'only if this is the last revision (0: none yet)');

const changing = (command: Command): Command =>
  acting(command).option('--for <time>', 'go back by itself after it, e.g. 30m, unless changed meanwhile');

const wishOf = ({ reason, expectRevision, for: lasting }: Options): Wish => ({
  ...(reason === undefined ? {} : { reason }),
  ...(expectRevision === undefined
    ? {}
    : { expectRevision: readRevision('--expect-revision', expectRevision, 0) }),
  ...(lasting === undefined ? {} : { forMs: readFor(lasting) }),
});

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

/** Commander hands over (service, [rest or revision], options, command). */
const run =
  (work: Work) =>
  async (service: string, ...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const [first] = given;
    const rest = Array.isArray(first) ? (first as string[]) : typeof first === 'string' ? [first] : [];
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

const done = (service: string, entry: LedgerEntryAnswer, { json }: Options): void => {
  if (json === true) printJson(entry);
  else print(describeDone(service, entry));
};

/** On stderr, of what was done all the same. That a gateway can't be asked is no failure of what was done. */
const warn = async (access: WeightsAccess, service: string, weights: Weights): Promise<void> => {
  const asked = access.where === 'gateway' ? await access.get(service).catch(() => undefined) : undefined;
  likelyMistakes(service, weights, asked).forEach(note);
};

const note = (text: string): void => {
  process.stderr.write(`note: ${text}\n`);
};
