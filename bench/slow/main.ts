/** npm run slow */
import { parseArgs } from 'node:util';
import { untilInterrupted } from '../interrupt.ts';
import { asText } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';
import { isSound, slowTable } from './report.ts';
import { attackSlowly } from './slow.ts';

const USAGE = `npm run slow -- [--connections N] [--seconds N] [--rate N] [--quick]

Has slowhttptest keep a gateway waiting (heads, bodies and answers a few bytes at a time, on thousands of connections)
while others use it, and tells what they notice of it.

  --connections N   of the attacker (default 2000)
  --seconds N       without the attack, and with all of its connections open (default 15)
  --rate N          honest requests a second meanwhile (default 1000)
  --quick           for soundness, not for figures: 200 connections, 1 s, and only bad answers count

Example:
  npm run slow -- --connections 4000

Ends with 1 where an honest request got no good answer, their p99 with all connections open is over twice that of the
quiet turns before and after, or the gateway takes over 300 MB.`;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      connections: { type: 'string' },
      seconds: { type: 'string' },
      rate: { type: 'string', default: '1000' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { quick } = values;
  const [connections, seconds] = [
    values.connections ?? (quick ? '200' : '2000'),
    values.seconds ?? (quick ? '1' : '15'),
  ];
  return untilInterrupted(async stopping => {
    const all = await attackSlowly({
      connections: wholeNumber('connections', connections),
      seconds: wholeNumber('seconds', seconds),
      rate: wholeNumber('rate', values.rate),
      say: console.log,
      stopping,
    });
    console.log(`\n${asText(slowTable(all))}`);
    return all.every(each => isSound(each, quick)) ? 0 : 1;
  });
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
