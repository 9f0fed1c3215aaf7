import type { Case } from './cases.ts';
import type { Measurement } from './figures.ts';
import type { LoadProcess } from './load/load-process.ts';
import { measure, type Pace } from './measure.ts';
import type { Peer, RunningPeer, Site } from './peers/peer.ts';
import type { Progress } from './progress.ts';

/** A peer that could not be measured to the end of a case. */
export interface Failure {
  readonly case: string;
  readonly peer: string;
  readonly reason: string;
}

export interface Outcome {
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
}

/** What every measurement needs. */
export interface Stage {
  readonly site: Site;
  readonly client: LoadProcess;
  readonly progress: Progress;
  /** Of each window. */
  readonly seconds: number;
  readonly stopping: AbortSignal;
}

/**
 * Measures a case: its peers are started together, then each in turn has the machine to itself, in every second
 * round in the opposite order. A peer that fails is left out from then on, and named.
 */
export const runCase = async (
  one: Case,
  peers: readonly Peer[],
  rounds: number,
  { site, client, progress, seconds, stopping }: Stage,
): Promise<Outcome> => {
  const measurements: Measurement[] = [];
  const failures: Failure[] = [];
  const running = new Map<string, RunningPeer>();
  const fail = (peer: string, error: unknown): void => {
    if (stopping.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    failures.push({ case: one.name, peer, reason });
    progress.say(`${one.name}: ${peer} fails: ${reason}`);
    running.delete(peer);
  };
  const started: RunningPeer[] = [];
  try {
    progress.begin(`${one.name}  starting ${peers.map(({ name }) => name).join(', ')}`);
    await Promise.all(
      peers.map(async peer => {
        try {
          const up = await peer.start(site);
          started.push(up);
          running.set(peer.name, up);
        } catch (error) {
          fail(peer.name, error);
        }
      }),
    );
    for (let round = 1; round <= rounds; round += 1) {
      const pace = paceOf(seconds, round);
      for (const { name } of round % 2 === 1 ? peers : peers.toReversed()) {
        stopping.throwIfAborted();
        const peer = running.get(name);
        if (peer === undefined) continue;
        progress.begin(`${one.name}  ${name}  round ${round} of ${rounds}`);
        try {
          const figures = await measure(one, peer, pace, client, stopping);
          measurements.push({ case: one.name, peer: name, round, ...figures });
        } catch (error) {
          fail(name, error);
        }
        progress.done(weightOf(pace));
      }
    }
    // Not between rounds: what is asked costs a peer time and memory.
    for (const [name, peer] of running) {
      const isBad = measurements.some(each => each.peer === name && each.bad > 0);
      try {
        for (const reason of await troublesOf(peer, isBad)) fail(name, reason);
      } catch (error) {
        fail(name, error);
      }
    }
  } finally {
    await Promise.all(started.map(peer => peer.stop()));
  }
  return { measurements, failures };
};

const troublesOf = async ({ problems, reasons }: RunningPeer, isBad: boolean): Promise<string[]> => [
  ...((await problems?.()) ?? []),
  ...(isBad ? ((await reasons?.()) ?? []) : []),
];

/** The first time a peer's code has yet to be compiled and its connections to be made. */
const paceOf = (seconds: number, round: number): Pace => ({
  seconds,
  warmUp: round === 1 ? seconds : Math.min(seconds, 0.5),
});

const weightOf = ({ warmUp, seconds }: Pace): number => 2 * (warmUp + seconds);

/** Seconds that a case takes, about. */
export const plannedSeconds = (peers: number, rounds: number, seconds: number): number =>
  Array.from({ length: rounds }, (_, i) => weightOf(paceOf(seconds, i + 1))).reduce((a, b) => a + b, 0) *
  peers;
