import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMALL_GET } from '../cases.ts';
import type { Latency } from '../load/load.ts';
import { type LoadProcess, startLoadProcess } from '../load/load-process.ts';
import { metric, readText } from '../metrics.ts';
import { type RunningSluice, startSluice } from '../sluice.ts';
import { startInTurn } from '../start-in-turn.ts';
import { startUpstream } from '../upstream.ts';
import { duringIt } from '../window.ts';
import { type Attack, OPENED_A_SECOND, type RunningAttack, startAttack } from './attack.ts';
import { startBystander } from './bystander.ts';

export interface SlowOptions {
  readonly attacks: readonly Attack[];
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
  /** The worst of three turns, before, between and after the attacks: machines are restless by themselves. */
  readonly quiet: Latency;
  /** While the same befalls a bystander on the same machine. */
  readonly elsewhere: Latency;
  /** While the attacker opened its connections to the gateway. */
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
      const bystander = await startBystander(folder, upstream);
      endBy(bystander.stop);
      return { sluice, bystander };
    });
    try {
      const all: SlowFigures[] = [];
      for (const attack of options.attacks) {
        options.stopping.throwIfAborted();
        options.say(`${attack.name}: ${attack.about}`);
        all.push(await underAttack(attack, stage, client, options));
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

interface Stage {
  readonly sluice: RunningSluice;
  readonly bystander: { readonly port: number };
}

const underAttack = async (
  attack: Attack,
  { sluice, bystander }: Stage,
  client: LoadProcess,
  { connections, seconds, rate }: SlowOptions,
): Promise<SlowFigures> => {
  const honest = (forSeconds: number): Promise<Latency> =>
    client.atRate({ ...SMALL_GET, connections: 32 }, sluice.port, rate, 0.5, forSeconds);
  const opensFor = connections / OPENED_A_SECOND;
  const during = async <T>(port: number, work: (running: RunningAttack) => Promise<T>): Promise<T> => {
    const running = startAttack(attack, port, connections, opensFor + seconds + 10);
    try {
      return await work(running);
    } finally {
      await running.stop();
    }
  };

  const before = await honest(seconds);
  const elsewhere = await during(bystander.port, async () => {
    await honest(opensFor);
    return honest(seconds);
  });
  const between = await honest(seconds);
  const under = await during(sluice.port, async running => {
    const watch = watchConnections(sluice.admin);
    try {
      const { result, usage } = await duringIt(sluice.pid, async () => ({
        opening: await honest(opensFor),
        attacked: await honest(seconds),
      }));
      if (watch.most < connections / 4)
        throw new Error(`the attacker came to ${watch.most} connections: ${running.words()}`);
      return { ...result, open: watch.most, rss: usage?.peakRss ?? 0 };
    } finally {
      watch.stop();
    }
  });
  const after = await honest(seconds);
  const [quiet] = [before, between, after].sort((a, b) => b.p99 - a.p99) as [Latency, ...Latency[]];
  return { attack, quiet, elsewhere, ...under };
};

/** How many connections of clients a gateway has at most, from now on. */
const watchConnections = (admin: string): { readonly most: number; stop(): void } => {
  let most = 0;
  const timer = setInterval(() => {
    void readText(`${admin}/metrics`).then(text => {
      most = Math.max(most, metric(text, 'sluice_connections'));
    }, ignore);
  }, 1_000);
  return {
    get most() {
      return most;
    },
    stop: () => clearInterval(timer),
  };
};

const ignore = (): void => {};
