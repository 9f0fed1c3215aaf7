/** npm run scale */
import { parseArgs } from 'node:util';
import { untilInterrupted } from '../interrupt.ts';
import { startLoadProcess } from '../load/load-process.ts';
import { asText } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';
import { measureDocuments } from './documents.ts';
import { measureChanges, settle } from './measure.ts';
import { figuresOf, figureTable, isWithin } from './report.ts';
import { openStage } from './stage.ts';
import { measureTurns } from './turns.ts';

const USAGE = `npm run scale -- [--services N] [--instances N] [--changes N] [--rate N] [--seconds N]
  [--documents N] [--workers N]

Follows a real Consul with many services: how soon a gateway is ready, what it holds, how soon changes are in force
and what they cost, and what callers notice while the catalog changes all the time.

  --services N    how many (default 1000)
  --instances N   of each (default 10)
  --changes N     changes a second in the last part (default 100)
  --rate N        requests a second meanwhile (default 1000)
  --seconds N     how long that goes on: at rest, with changes of a Consul that nobody follows, with changes of its own, and
                  past the gateway (default 60)
  --rounds N      in so many turns, of which the medians are told (default 6)
  --times N       how often each single change is made and taken back (default 20)
  --documents N   route documents that come at once, as files and as keys in Consul (default 1000)
  --workers N     worker processes of the gateway (default: off)

Example:
  npm run scale -- --services 300 --seconds 20

Ends with 1 where a figure is over its limit.`;

const OPTIONS = {
  services: { type: 'string', default: '1000' },
  instances: { type: 'string', default: '10' },
  changes: { type: 'string', default: '100' },
  rate: { type: 'string', default: '1000' },
  seconds: { type: 'string', default: '60' },
  rounds: { type: 'string', default: '6' },
  times: { type: 'string', default: '20' },
  documents: { type: 'string', default: '1000' },
  workers: { type: 'string', default: 'off' },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const count = (name: Exclude<keyof typeof OPTIONS, 'help' | 'workers'>): number =>
    wholeNumber(name, values[name]);
  const size = { services: count('services'), instances: count('instances') };
  const traffic = { size, rate: count('rate'), seconds: count('seconds') };
  const [changes, times, documents] = [count('changes'), count('times'), count('documents')];
  const rounds = count('rounds');
  return untilInterrupted(async stopping => {
    const stage = await openStage({ ...size, args: ['--workers', values.workers], say: console.log });
    const client = startLoadProcess(stopping);
    try {
      await settle();
      const { readyMs } = stage;
      const [connections, rss] = [stage.connections(), stage.rss()];
      console.log(`changing one thing at a time, each ${times} times`);
      const single = await measureChanges(stage, times);
      console.log(`bringing ${documents} route documents at once`);
      const shelved = await measureDocuments(stage, documents);
      console.log(
        `${traffic.seconds} s each of ${traffic.rate} requests a second, ${rounds} times by turns: at rest, with ${changes} changes a second beside it, with as many of its own, past the gateway`,
      );
      const turns = await measureTurns(stage, client, { ...traffic, changes, rounds });
      const figures = figuresOf({
        readyMs,
        connections,
        rss,
        changes: single,
        documents: shelved,
        ...turns,
      });
      console.log(`\n${asText(figureTable(figures))}`);
      return figures.every(isWithin) ? 0 : 1;
    } finally {
      await client.stop();
      await stage.stop();
    }
  });
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
