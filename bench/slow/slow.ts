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
import { ATTACKS, type Attack, startAttack } from './attack.ts';

export interface SlowOptions {
  /** Of the attacker. */
  readonly connections: number;
  /** Of each turn. */
  readonly seconds: number;
  /** Honest requests a second. */
  readonly rate: number;
  readonly say: (line: string) => void;
  readonly stopping: AbortSignal;
}

/** Honest traffic beside one attack, and in a quiet turn just before. */
export interface SlowFigures {
  readonly attack: Attack;
  readonly quiet: Latency;
  readonly attacked: Latency;
  /** Connections of clients that the gateway had in the midst of the attack. */
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
  const honest = (): Promise<Latency> =>
    client.atRate({ ...SMALL_GET, connections: 32 }, port, rate, 0.5, seconds);
  const quiet = await honest();
  const running = await startAttack(attack, port, connections, seconds + 5);
  try {
    const open = metric(await readText(`${admin}/metrics`), 'sluice_connections');
    const { result: attacked, usage } = await duringIt(pid, honest);
    return { attack, quiet, attacked, open, rss: usage?.peakRss ?? 0 };
  } finally {
    await running.stop();
  }
};
