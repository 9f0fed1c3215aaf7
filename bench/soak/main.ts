/** npm run soak */
import { parseArgs } from 'node:util';
import { untilInterrupted } from '../interrupt.ts';
import { soak } from './soak.ts';

const USAGE = `npm run soak -- [--minutes N] [--rate N]

Sends a gateway half of what it can take, mixed with uploads, big and broken-off transfers, new connections and
WebSockets, while instances come and go and weights are turned, and tells whether heap, handles or sockets grow.

  --minutes N   how long (default 10, at least 1)
  --rate N      small GETs a second (default: half of what five seconds of wrk reach)

Example:
  npm run soak -- --minutes 30

Ends with 1 where a figure has an upward trend or an answer was not good.`;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seconds = atLeast('--minutes', values.minutes, 1) * 60;
  const rate = values.rate === undefined ? undefined : atLeast('--rate', values.rate, 1);
  return untilInterrupted(stopping => soak({ seconds, rate, stopping }));
};

/** @throws where it is no such number */
const atLeast = (flag: string, text: string, least: number): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= least) return value;
  throw new Error(`${flag} "${text}": expected a number, at least ${least}`);
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
