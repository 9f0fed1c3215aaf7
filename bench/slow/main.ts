/** npm run slow */
import { parseArgs } from 'node:util';
import { untilInterrupted } from '../interrupt.ts';
import { asText } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';
import { ATTACKS } from './attack.ts';
import { isSound, slowTable } from './report.ts';
import { attackSlowly } from './slow.ts';

const USAGE = `npm run slow -- [--connections N] [--seconds N] [--rate N] [--quick]

Has slowhttptest keep a gateway waiting (heads, bodies and answers a few bytes at a time, on thousands of connections)
while others use it, and tells what they notice of it.

  --connections N   of the attacker (default 2000)
  --seconds N       of each turn: quiet, and with all connections of the attacker open (default 15)
  --rate N          honest requests a second meanwhile (default 1000)
  --attack NAME     only that one: ${ATTACKS.map(attack => attack.name).join(', ')}
  --quick           for soundness, not for figures: 200 connections, 1 s, and only bad answers count

Example:
  npm run slow -- --connections 4000

"Elsewhere" is what the same users of the gateway notice while an nginx beside it is attacked instead: the machine's share.
Where one may, all of it runs in a network namespace of its own, whose loopback has the MTU of an Ethernet: with that of
a loopback (64 KiB) the kernel buffers 2.5 MB for each connection, until it has no more for anybody.

Ends with 1 where an honest request got no good answer, their p99 with all connections open is over twice that of quiet
turns and over twice that of the attack elsewhere, or the gateway takes over 300 MB.`;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      connections: { type: 'string' },
      seconds: { type: 'string' },
      rate: { type: 'string', default: '1000' },
      attack: { type: 'string' },
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
  const attacks =
    values.attack === undefined ? ATTACKS : ATTACKS.filter(({ name }) => name === values.attack);
  if (attacks.length === 0) throw new Error(`--attack: none is called "${values.attack}"; --help lists them`);
  return untilInterrupted(async stopping => {
    const all = await attackSlowly({
      attacks,
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
