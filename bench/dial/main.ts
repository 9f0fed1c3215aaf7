/** npm run dial */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { untilInterrupted } from '../interrupt.ts';
import { describeMachine } from '../machine.ts';
import { showProgress } from '../progress.ts';
import { figureTable, isWithin } from '../scale/report.ts';
import { asText } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';
import { PARTS, type PartName } from './parts.ts';
import { type DialReport, figuresOf } from './report.ts';

const USAGE = `npm run dial -- [--requests N] [--changes N] [--cuts N] [--load N] [--gateways N] [--part NAME] [--json FILE]

How exact shares are, and how soon a change of weights in Redis is in force, with real gateways, Consul and Redis.

  --requests N    of each count of a share (default 1000000)
  --changes N     of the weights (default 1000)
  --cuts N        seconds in which Redis cuts all subscribers once a second (default 60)
  --load N        per cent of what the gateways can answer that they must answer meanwhile (default 30)
  --gateways N    how many (default 4)
  --part NAME     only this; repeatable: shares (of one gateway), workers (two), several (gateways), changes, cuts
  --json FILE     where the figures go

Example:
  npm run dial -- --part changes --changes 200

Ends with 1 where a figure is over its limit.`;

const NAMES = Object.keys(PARTS) as PartName[];
const OPTIONS = {
  requests: { type: 'string', default: '1000000' },
  changes: { type: 'string', default: '1000' },
  cuts: { type: 'string', default: '60' },
  load: { type: 'string', default: '30' },
  gateways: { type: 'string', default: '4' },
  part: { type: 'string', multiple: true },
  json: { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const count = (name: 'requests' | 'changes' | 'cuts' | 'load' | 'gateways'): number =>
    wholeNumber(name, values[name]);
  const wanted = {
    requests: count('requests'),
    changes: count('changes'),
    cuts: count('cuts'),
    load: count('load'),
    gateways: count('gateways'),
  };
  if (wanted.changes > 9_999)
    throw new Error('--changes: at most 9999, each is another hundredth of a per cent');
  if (wanted.load > 100) throw new Error('--load: per cent, at most 100');
  const unknown = values.part?.find(part => !NAMES.some(name => name === part));
  if (unknown !== undefined) throw new Error(`--part "${unknown}": there are ${NAMES.join(', ')}`);
  const names = NAMES.filter(name => values.part?.includes(name) ?? true);

  return untilInterrupted(async stopping => {
    const machine = describeMachine();
    const total = names.reduce((sum, name) => sum + PARTS[name].seconds(wanted), 0);
    const progress = showProgress(total, process.stdout);
    let report: DialReport = { shares: [] };
    for (const name of names) {
      progress.begin(name);
      const part = await PARTS[name].run(wanted, stopping);
      report = { ...report, ...part, shares: [...report.shares, ...part.shares] };
      progress.done(PARTS[name].seconds(wanted));
    }
    progress.end();
    const figures = figuresOf(report);
    console.log(asText(figureTable(figures)));
    if (values.json !== undefined) {
      writeFileSync(values.json, `${JSON.stringify({ machine, figures, ...report }, null, 2)}\n`);
    }
    return figures.every(isWithin) ? 0 : 1;
  });
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
