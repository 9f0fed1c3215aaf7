/** npm run bench */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../test/support/child.ts';
import { type Arguments, readArguments, usage } from './arguments.ts';
import { bench, KNOWN } from './bench.ts';
import { untilInterrupted } from './interrupt.ts';
import { flaws, panelsOf, type Report, reportText } from './report.ts';
import { chart } from './svg.ts';

const main = async (): Promise<number> => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage(KNOWN.cases, KNOWN.peers));
    return 0;
  }
  const given = readArguments(args, KNOWN);
  if ('problem' in given) {
    console.error(`${given.problem}\n\nnpm run bench -- --help tells more.`);
    return 2;
  }
  return untilInterrupted(async stopping => {
    const report = await bench(given, stopping);
    console.log(`\n${reportText(report)}\n`);
    save(given, report);
    return flaws(report).length === 0 ? 0 : 1;
  });
};

const save = ({ json, svg, quick }: Arguments, report: Report): void => {
  const own = join(ROOT, 'bench/results', report.machine.date.slice(0, 19).replaceAll(':', '.'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`written: ${file}`);
  };
  // A run for soundness has no figures worth keeping, unless someone asks for them.
  if (json !== undefined || !quick) write(json ?? `${own}.json`, `${JSON.stringify(report, null, 1)}\n`);
  if (svg !== undefined || !quick) write(svg ?? `${own}.svg`, chart(panelsOf(report)));
};

process.exitCode = await main();
