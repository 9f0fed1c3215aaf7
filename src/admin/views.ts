import type { Instance } from '../core/model/instance.ts';
import type { Origin } from '../core/model/origin.ts';
import type { Backend, Rule } from '../core/model/rule.ts';
import type { ServiceState, Snapshot, SourceState } from '../core/model/snapshot.ts';
import type { AllWeights, ServiceWeights } from '../core/model/split.ts';
import { severityOf } from '../core/rules/quarantine.ts';
import type {
  BackendAnswer,
  OriginAnswer,
  QuarantineAnswer,
  RouteAnswer,
  RoutesAnswer,
  ServicesAnswer,
  SourceAnswer,
  StatusAnswer,
  WorkerAnswer,
} from './api.ts';
import type { AdminParts, ConfigReading, WorkerReading } from './parts.ts';
import { type ServiceWeightsAnswer, type WeightsAnswer, weightsAnswer } from './weights-api.ts';

export const status = async (parts: AdminParts): Promise<StatusAnswer> => {
  const workers = await parts.workers();
  const current = parts.snapshot();
  return {
    version: parts.version,
    uptimeSeconds: seconds(parts.now() - parts.startedAt),
    ready: parts.isReady(),
    draining: parts.isDraining(),
    ...(current === undefined
      ? {}
      : {
          snapshot: {
            revision: current.snapshot.revision,
            ageSeconds: seconds(parts.now() - current.since),
            routes: current.snapshot.rules.length,
            services: current.snapshot.services.size,
            instances: [...current.snapshot.services.values()].reduce((n, s) => n + s.instances.length, 0),
            quarantined: current.snapshot.quarantine.filter(each => severityOf(each) === 'error').length,
          },
        }),
    consul: source(parts.consul()),
    weights: source(parts.weights.status()),
    ...(workers === undefined ? {} : { workers: workers.map(worker) }),
    config: config(parts.config()),
    ...state(parts),
  };
};

const state = (parts: AdminParts): Pick<StatusAnswer, 'state'> => {
  const { file, at, problem } = parts.state() ?? {};
  if (file === undefined) return {};
  return {
    state: {
      file,
      ...(at === undefined
        ? {}
        : { liveAt: new Date(at).toISOString(), ageSeconds: seconds(parts.now() - at) }),
      ...(problem === undefined ? {} : { problem }),
    },
  };
};

const config = ({ revision, loadedAt, problems, waiting }: ConfigReading): StatusAnswer['config'] => ({
  revision,
  loadedAt: new Date(loadedAt).toISOString(),
  ...(problems.length === 0 ? {} : { problems }),
  ...(waiting.length === 0 ? {} : { needRestart: waiting.map(({ setting }) => setting) }),
});

const worker = ({ since, ...reading }: WorkerReading): WorkerAnswer => ({
  ...reading,
  since: new Date(since).toISOString(),
});

const seconds = (ms: number): number => Math.round(ms) / 1000;

const source = ({ since, lastKnown, ...state }: SourceState): SourceAnswer => ({
  ...state,
  since: new Date(since).toISOString(),
  ...(lastKnown === undefined ? {} : { lastKnownAt: new Date(lastKnown).toISOString() }),
});

/** Instance id -> when its trial may begin, in epoch milliseconds. */
type Ejected = ReadonlyMap<string, number>;

export const routes = ({ revision, rules }: Snapshot, ejected: Ejected): RoutesAnswer => ({
  revision,
  routes: rules.map(rule => route(rule, ejected)).sort((a, b) => (a.route < b.route ? -1 : 1)),
});

export const route = (rule: Rule, ejected: Ejected): RouteAnswer => {
  const { id, match, origin: from, backends: served, mirrors: _, auth: __, ...rest } = rule;
  return {
    route: id,
    ...match,
    origin: origin(from),
    backends: served.map(each => backend(each, ejected)),
    ...rest,
  };
};

export const origin = (of: Origin): OriginAnswer => {
  if (of.from === 'tags') return { from: of.from, service: of.service };
  const { createdAt, ...document } = of;
  return {
    ...document,
    ...(createdAt === undefined ? {} : { createdAt: new Date(createdAt).toISOString() }),
  };
};

const backend = ({ split, arms, mirrors: _, ...rest }: Backend, ejected: Ejected): BackendAnswer => ({
  ...rest,
  source: split.source,
  versions: arms.map(({ version, share, targets }) => ({
    version,
    share,
    instances: targets.map(({ instance: { id, address, port, heldUntil } }) => ({
      id,
      address,
      port,
      ...times(heldUntil, ejected.get(id)),
    })),
  })),
});

const times = (
  heldUntil: number | undefined,
  ejectedUntil: number | undefined,
): { heldUntil?: string; ejectedUntil?: string } => ({
  ...(heldUntil === undefined ? {} : { heldUntil: new Date(heldUntil).toISOString() }),
  ...(ejectedUntil === undefined ? {} : { ejectedUntil: new Date(ejectedUntil).toISOString() }),
});

export const services = ({ revision, services }: Snapshot, ejected: Ejected): ServicesAnswer => ({
  revision,
  services: [...services.values()].map(({ name, instances }) => ({
    name,
    instances: instances.map(each => instance(each, ejected)),
  })),
});

const instance = ({ id, address, port, health, tags, heldUntil }: Instance, ejected: Ejected) => ({
  id,
  address,
  port,
  health,
  tags,
  ...times(heldUntil, ejected.get(id)),
});

export const quarantine = ({ revision, quarantine }: Snapshot): QuarantineAnswer => ({
  revision,
  quarantine: quarantine.map(({ since, ...problem }) => ({
    ...problem,
    severity: severityOf(problem),
    since: new Date(since).toISOString(),
  })),
});

export const weights = (index: number, all: AllWeights, { services }: Snapshot): WeightsAnswer => {
  const names = new Set([...all.keys(), ...services.keys()]);
  return {
    index,
    services: Object.fromEntries(
      [...names].sort().map(name => [name, serviceWeights(all.get(name), services.get(name))]),
    ),
  };
};

const serviceWeights = (
  stored: ServiceWeights | undefined,
  state: ServiceState | undefined,
): ServiceWeightsAnswer => ({
  ...weightsAnswer(stored ?? { revision: 0 }),
  ...(state === undefined
    ? {}
    : {
        split: {
          source: state.split.source,
          shares: Object.fromEntries(state.split.shares.map(({ version, share }) => [version, share])),
        },
      }),
});
