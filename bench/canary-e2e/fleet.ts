import { type Load, type LoadResult, startLoad } from '../../test/support/load.ts';
import { type RunningGateway, runGateway } from '../../test/support/processes.ts';

/** What callers saw. */
export interface Seen {
  /** At gateways that lived. */
  readonly spared: readonly LoadResult[];
  /** At those that were killed, until then. */
  readonly killed: readonly LoadResult[];
}

/** Several gateways, and callers that share them. */
export interface Fleet {
  alive(): readonly RunningGateway[];
  /** Kills -9 whoever leads, and starts another in its place. @returns whether somebody leads */
  killLeader(): boolean;
  /** Requests to all that live, at a steady rate in all, also to those that come. */
  call(path: string, perSecond: number): Promise<{ stop(): Promise<Seen> }>;
  stop(): Promise<void>;
}

interface Calls {
  readonly path: string;
  readonly perSecond: number;
  readonly loads: Map<RunningGateway, Load>;
}

export const openFleet = async (size: number, args: readonly string[]): Promise<Fleet> => {
  const gateways = new Set<RunningGateway>();
  const killed = new Set<RunningGateway>();
  const replacements: Promise<void>[] = [];
  const owed: (() => unknown)[] = [];
  let calls: Calls | undefined;

  const stop = async (): Promise<void> => {
    await Promise.all(replacements);
    await Promise.all(owed.map(run => run()));
    await Promise.all([...gateways].map(gateway => gateway.stop()));
  };
  const callAt = async (gateway: RunningGateway): Promise<void> => {
    const front = await gateway.serving();
    if (calls === undefined) return;
    const { path, perSecond, loads } = calls;
    const owner = { after: (run: () => unknown) => void owed.push(run) };
    loads.set(gateway, startLoad(owner, `${front}${path}`, { perSecond: perSecond / size }));
  };
  const startOne = async (): Promise<RunningGateway> => {
    const gateway = await runGateway(args);
    gateways.add(gateway);
    return gateway;
  };
  const alive = (): RunningGateway[] => [...gateways].filter(gateway => !killed.has(gateway));

  try {
    const started = await Promise.all(Array.from({ length: size }, startOne));
    await Promise.all(started.map(gateway => gateway.serving()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    alive,
    killLeader: () => {
      const [leader] = alive()
        .map(gateway => ({ gateway, fence: fenceOf(gateway) }))
        .filter(({ fence }) => fence > 0)
        .sort((a, b) => b.fence - a.fence);
      if (leader === undefined) return false;
      const { gateway } = leader;
      killed.add(gateway);
      // A balancer in front would send it nothing more; what is under way dies with it.
      void calls?.loads.get(gateway)?.stop();
      gateway.signal('SIGKILL');
      replacements.push(startOne().then(callAt));
      return true;
    },
    call: async (path, perSecond) => {
      const loads = new Map<RunningGateway, Load>();
      calls = { path, perSecond, loads };
      await Promise.all(alive().map(callAt));
      return {
        stop: async () => {
          await Promise.all(replacements);
          calls = undefined;
          const of = (isKilled: boolean): Promise<LoadResult[]> =>
            Promise.all(
              [...loads].filter(([each]) => killed.has(each) === isKilled).map(([, load]) => load.stop()),
            );
          return { spared: await of(false), killed: await of(true) };
        },
      };
    },
    stop,
  };
};

/** Of its last lead, as its log tells; 0 where it has never led. */
const fenceOf = (gateway: RunningGateway): number =>
  Number(gateway.log().findLast(line => 'fence' in line)?.fence ?? 0);
