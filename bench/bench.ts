import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../test/support/certificates.ts';
import type { Arguments } from './arguments.ts';
import { CASES, type Case, SMALL_GET } from './cases.ts';
import type { Measurement } from './figures.ts';
import { IDLE, type IdleFigures, measureIdle } from './idle.ts';
import { startLoadProcess } from './load/load-process.ts';
import { describeMachine, isBusy } from './machine.ts';
import { PEERS, VARIANTS } from './peers/all.ts';
import type { Peer, SiteCertificate } from './peers/peer.ts';
import { type Progress, showProgress } from './progress.ts';
import type { PeerFacts, Report } from './report.ts';
import { type Failure, plannedSeconds, runCase, type Stage } from './run.ts';
import { startUpstream } from './upstream.ts';

/** What can be named on the command line. */
export const KNOWN = {
  cases: [...CASES.map(({ name }) => name), IDLE.name],
  peers: PEERS.map(({ name }) => name),
};

/** What is to be done: a case with those who run it. */
interface Work {
  readonly one: Case;
  readonly peers: readonly Peer[];
  readonly rounds: number;
}

/** All cases at all peers that were asked for and are there. @throws where upstream or load can't be started */
export const bench = async (given: Arguments, stopping: AbortSignal): Promise<Report> => {
  const { rounds, seconds, quick } = given;
  const machine = describeMachine();
  const chosen = PEERS.filter(({ name }) => isWanted(name, given.peers));
  const work = CASES.filter(({ name }) => isWanted(name, given.cases)).map(one => ({
    one,
    peers: there(
      one.only === undefined ? chosen : VARIANTS.filter(({ name }) => one.only?.includes(name)),
    ).filter(({ speaks }) => one.needs === undefined || speaks?.includes(one.needs)),
    rounds: quick ? rounds : Math.max(rounds, one.rounds ?? 1),
  }));
  const idlers = isWanted(IDLE.name, given.cases)
    ? there(chosen).filter(({ name }) => name !== 'direct')
    : [];
  const facts = chosen.map(factsOf);

  const progress = showProgress(planned(work, seconds) + idlers.length * IDLE.seconds, process.stderr);
  if (isBusy(machine) && !quick) {
    progress.say(`the machine is busy (load ${machine.load.toFixed(2)}): figures will be off`);
  }
  for (const { name, missing } of facts) {
    if (missing !== undefined) progress.say(`not measured: ${name}: ${missing}`);
  }

  return onStage(progress, seconds, stopping, async stage => {
    const measurements: Measurement[] = [];
    // Whoever is asked for by name has to be there.
    const failures: Failure[] = given.peers.length === 0 ? [] : facts.flatMap(absence);
    for (const { one, peers, rounds: times } of work) {
      const outcome = await runCase(one, peers, times, stage);
      measurements.push(...outcome.measurements);
      failures.push(...outcome.failures);
    }
    const idle: IdleFigures[] = [];
    for (const peer of idlers) {
      stopping.throwIfAborted();
      progress.begin(`${IDLE.name}  ${peer.name}`);
      const connections = quick ? IDLE.quickConnections : IDLE.connections;
      try {
        idle.push(await measureIdle(peer, { ...SMALL_GET, connections }, stage));
      } catch (error) {
        stopping.throwIfAborted();
        failures.push({ case: IDLE.name, peer: peer.name, reason: String(error) });
      }
      progress.done(IDLE.seconds);
    }
    return { machine, rounds, seconds, peers: facts, measurements, idle, failures };
  });
};

const isWanted = (name: string, named: readonly string[]): boolean =>
  named.length === 0 || named.includes(name);

const there = (peers: readonly Peer[]): Peer[] => peers.filter(peer => peer.missing() === undefined);

const planned = (work: readonly Work[], seconds: number): number =>
  work.reduce((sum, { peers, rounds }) => sum + plannedSeconds(peers.length, rounds, seconds), 0);

const factsOf = (peer: Peer): PeerFacts => {
  const { name, about } = peer;
  const missing = peer.missing();
  return missing === undefined
    ? { name, about, version: peer.version() }
    : { name, about, version: '', missing };
};

const absence = ({ name, missing }: PeerFacts): Failure[] =>
  missing === undefined ? [] : [{ case: 'all', peer: name, reason: missing }];

const makeSiteCertificate = (folder: string): SiteCertificate => {
  const { cert, key } = makeCertificate(folder, 'site', ['localhost']);
  const bundle = join(folder, 'bundle.pem');
  writeFileSync(bundle, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  return { cert, key, bundle };
};

/** Starts what every case needs, and ends it whatever becomes of it. */
const onStage = async <T>(
  progress: Progress,
  seconds: number,
  stopping: AbortSignal,
  play: (stage: Stage) => Promise<T>,
): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const client = startLoadProcess(stopping);
  try {
    const upstream = await startUpstream(folder);
    try {
      const certificate = makeSiteCertificate(folder);
      const folderFor = (name: string): string => mkdtempSync(join(folder, `${name}-`));
      const site = { upstream, certificate, folder: folderFor };
      return await play({ site, client, progress, seconds, stopping });
    } finally {
      await upstream.stop();
    }
  } finally {
    progress.end();
    await client.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
