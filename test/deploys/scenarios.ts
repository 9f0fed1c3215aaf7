import { eventually } from '../support/wait.ts';
import type { LoadReport } from './report.ts';
import type { Deployed, Stage } from './stage.ts';

/** How each scenario changes three instances under a load, once. @returns the instances that are there then */
type Change = (stage: Stage, instances: readonly Deployed[], n: number) => Promise<Deployed[]>;

/** A rolling deploy the usual way: start a new instance, wait until it passes, end an old one, and so on. */
const roll: Change = async (stage, instances, n) => {
  const fresh: Deployed[] = [];
  for (const leaving of instances) {
    fresh.push(await stage.deploy(n % 2 === 0 ? 'v2' : 'v1'));
    await leaving.stop();
  }
  return fresh;
};

/** Kills one with -9, waits until Consul lists it as passing no more, and puts another in its place. */
const kill =
  (victims: readonly ('program' | 'sidecar')[], bare = false): Change =>
  async (stage, [doomed, ...others]) => {
    if (doomed === undefined) throw new Error('there is nobody to kill');
    if (victims.includes('sidecar')) doomed.sidecar?.signal('SIGKILL');
    if (victims.includes('program')) process.kill(doomed.programPid, 'SIGKILL');
    await stage.passing(others.map(({ id }) => id));
    await doomed.clear();
    return [...others, await stage.deploy('v1', bare)];
  };

export const SCENARIOS = {
  roll: { what: 'rolled to and fro between v1 and v2', bare: false, change: roll },
  'kill-program': {
    what: 'the program beside a sidecar killed with -9',
    bare: false,
    change: kill(['program']),
  },
  'kill-sidecar': { what: 'a sidecar killed with -9', bare: false, change: kill(['sidecar']) },
  'kill-both': {
    what: 'a program and its sidecar killed with -9',
    bare: false,
    change: kill(['program', 'sidecar']),
  },
  'kill-bare': {
    what: 'a program without a sidecar killed with -9',
    bare: true,
    change: kill(['program'], true),
  },
} as const satisfies Record<string, { what: string; bare: boolean; change: Change }>;

export type ScenarioName = keyof typeof SCENARIOS;

/** Three instances, changed so many times under so many requests a second; what became of these each time. */
export async function* play(
  stage: Stage,
  name: ScenarioName,
  { times, perSecond }: { times: number; perSecond: number },
): AsyncGenerator<LoadReport> {
  const { bare, change } = SCENARIOS[name];
  let instances = await Promise.all([1, 2, 3].map(() => stage.deploy('v1', bare)));
  const url = await stage.gateway.serving();
  await eventually(async () => (await fetch(`${url}/orders/first`)).ok, { within: 5_000, hint: 'a route' });
  const load = await stage.startLoad(perSecond);
  for (let n = 0; n < times; n++) {
    instances = await change(stage, instances, n);
    yield n === times - 1 ? await load.stop() : await load.report();
  }
  await Promise.all(instances.map(each => each.stop()));
}
