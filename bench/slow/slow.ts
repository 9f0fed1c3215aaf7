import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMALL_GET } from '../cases.ts';
import type { Latency } from '../load/load.ts';
import { type LoadProcess, startLoadProcess } from '../load/load-process.ts';
import { metric, readText } from '../metrics.ts';
import { startSluice } from '../sluice.ts';
import { startInTurn } from '../start-in-turn.ts';
import { startUpstream } from '../upstream.ts';
import { duringIt } from '../window.ts';
import { ATTACKS, type Attack, OPENED_A_SECOND, startAttack } from './attack.ts';

export interface SlowOptions {
  /** Of the attacker. */
  readonly connections: number;
  /** Of the quiet turn, and of that with all connections open. */
  readonly seconds: number;
  /** Honest requests a second. */
  readonly rate: number;
  readonly say: (line: string) => void;
  readonly stopping: AbortSignal;
}

/** Honest traffic beside one attack, and without. */
export interface SlowFigures {
  readonly attack: Attack;
  /** The worse of two turns, one before the attack and one after it: machines are restless by themselves. */
  readonly quiet: Latency;
  /** While the attacker opened its connections. */
  readonly opening: Latency;
  /** From then on. */
  readonly attacked: Latency;
  /** Connections of clients that the gateway had at most. */
  readonly open: number;
  /** Bytes resident at most. */
  readonly rss: number;
}

/** Attacks a gateway in every way, one after the other, while others use it. */
export const attackSlowly = async (options: SlowOptions): Promise<SlowFigures[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-slow-'));
  const client = startLoadProcess(options.stopping);
  try {
    const stage = await startInTurn(async endBy => {
      const upstream = await startUpstream(folder);
      endBy(upstream.stop);
      const sluice = await startSluice(upstream, { catalog: 'web', traced: 'off' });
      endBy(sluice.stop);
      return { sluice };
    });
    try {
      const all: SlowFigures[] = [];
      for (const attack of ATTACKS) {
        options.stopping.throwIfAborted();
        options.say(`${attack.name}: ${attack.about}`);
        all.push(await underAttack(attack, stage.sluice, client, options));
      }
      return all;
    } finally {
      await stage.stop();
    }
  } finally {
    await client.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

const underAttack = async (
  attack: Attack,
  { port, pid, admin }: { readonly port: number; readonly pid: number; readonly admin: string },
  client: LoadProcess,
  { connections, seconds, rate }: SlowOptions,
): Promise<SlowFigures> => {
  const honest = (forSeconds: number): Promise<Latency> =>
    client.atRate({ ...SMALL_GET, connections: 32 }, port, rate, 0.5, forSeconds);
  const before = await honest(seconds);
  const opensFor = connections / OPENED_A_SECOND;
  const running = startAttack(attack, port, connections, opensFor + seconds + 10);
  let open = 0;
  const watching = setInterval(() => {
    void readText(`${admin}/metrics`).then(text => {
      open = Math.max(open, metric(text, 'sluice_connections'));
    }, ignore);
  }, 1_000);
  try {
    const { result, usage } = await duringIt(pid, async () => ({
      opening: await honest(opensFor),
      attacked: await honest(seconds),
    }));
    if (open < connections / 4)
      throw new Error(`the attacker came to ${open} connections: ${running.words()}`);
    await running.stop();
    const after = await honest(seconds);
    return {
      attack,
      quiet: before.p99 > after.p99 ? before : after,
      ...result,
      open,
      rss: usage?.peakRss ?? 0,
    };
  } finally {
    clearInterval(watching);
    await running.stop();
  }
};

const ignore = (): void => {};
