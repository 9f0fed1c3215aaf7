import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../test/support/child.ts';
import { type Arguments, readArguments, usage } from './arguments.ts';
import { CASES, type Case, SMALL_GET } from './cases.ts';
import type { Measurement } from './figures.ts';
import { IDLE, type IdleFigures, measureIdle } from './idle.ts';
import { startLoadProcess } from './load/load-process.ts';
import { describeMachine, isBusy } from './machine.ts';
import { PEERS, VARIANTS } from './peers/all.ts';
import type { Peer } from './peers/peer.ts';
import { showProgress } from './progress.ts';
import { flaws, type PeerFacts, panelsOf, type Report, reportText } from './report.ts';
import { type Failure, plannedSeconds, type RunOptions, runCase } from './run.ts';
import { chart } from './svg.ts';
import { startUpstream } from './upstream.ts';

const KNOWN = {
  cases: [...CASES.map(({ name }) => name), IDLE.name],
  peers: PEERS.map(({ name }) => name),
};

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
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => (stopping.signal.aborted ? process.exit(130) : stopping.abort()));
  }
  try {
    const report = await bench(given, stopping.signal);
    console.log(`\n${reportText(report)}\n`);
    save(given, report);
    return flaws(report).length === 0 ? 0 : 1;
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    console.error('\nstopped');
    return 130;
  }
};

const bench = async (given: Arguments, stopping: AbortSignal): Promise<Report> => {
  const machine = describeMachine();
  const cases = CASES.filter(({ name }) => given.cases.length === 0 || given.cases.includes(name));
  const withIdle = given.cases.length === 0 || given.cases.includes(IDLE.name);
  const chosen = PEERS.filter(({ name }) => given.peers.length === 0 || given.peers.includes(name));
  const peersOf = (one: Case): Peer[] =>
    (one.only === undefined ? chosen : VARIANTS.filter(({ name }) => one.only?.includes(name))).filter(
      peer => peer.missing() === undefined,
    );
  const roundsOf = (one: Case): number =>
    given.quick ? given.rounds : Math.max(given.rounds, one.rounds ?? 1);
  const proxies = chosen.filter(peer => peer.name !== 'direct' && peer.missing() === undefined);

  const { seconds } = given;
  const progress = showProgress(
    cases.reduce((sum, one) => sum + plannedSeconds(peersOf(one).length, roundsOf(one), seconds), 0),
    process.stderr,
  );
  if (isBusy(machine) && !given.quick) {
    progress.say(`the machine is busy (load ${machine.load.toFixed(2)}): figures will be off`);
  }
  for (const { name, missing } of factsOf(chosen)) {
    if (missing !== undefined) progress.say(`not measured: ${name}: ${missing}`);
  }

  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const client = startLoadProcess(stopping);
  const measurements: Measurement[] = [];
  const failures: Failure[] = [];
  const idle: IdleFigures[] = [];
  try {
    const upstream = await startUpstream(folder);
    try {
      const site = { upstream, folder: (name: string) => mkdtempSync(join(folder, `${name}-`)) };
      for (const one of cases) {
        const options: RunOptions = { rounds: roundsOf(one), seconds, site, client, progress, stopping };
        const outcome = await runCase(one, peersOf(one), options);
        measurements.push(...outcome.measurements);
        failures.push(...outcome.failures);
      }
      for (const peer of withIdle ? proxies : []) {
        stopping.throwIfAborted();
        progress.begin(`${IDLE.name}  ${peer.name}`);
        const load = { ...SMALL_GET, connections: given.quick ? QUICK_IDLE : IDLE.connections };
        try {
          idle.push(await measureIdle(peer, site, load, seconds, client, stopping));
        } catch (error) {
          stopping.throwIfAborted();
          failures.push({ case: IDLE.name, peer: peer.name, reason: String(error) });
        }
      }
    } finally {
      await upstream.stop();
    }
  } finally {
    progress.end();
    await client.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const { rounds } = given;
  return { machine, rounds, seconds, peers: factsOf(chosen), measurements, idle, failures };
};

const QUICK_IDLE = 200;

const factsOf = (peers: readonly Peer[]): PeerFacts[] =>
  peers.map(peer => {
    const { name, about } = peer;
    const missing = peer.missing();
    return missing === undefined
      ? { name, about, version: peer.version() }
      : { name, about, version: '', missing };
  });

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
