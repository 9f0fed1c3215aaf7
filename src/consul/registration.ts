/** How the agent learns whether a service is well. */
export type ServiceCheck =
  /** The service reports by itself; silence for longer than this makes it critical. */
  | { readonly ttlSeconds: number; readonly deregisterAfterSeconds?: number }
  /** The agent asks a URL. */
  | {
      readonly http: string;
      readonly intervalSeconds: number;
      readonly timeoutSeconds?: number;
      readonly deregisterAfterSeconds?: number;
    };

/** One instance as it is registered with the agent. */
export interface ServiceDefinition {
  /** Unique on the agent. */
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  /** Consul's own weights, by health. */
  readonly weights?: { readonly passing: number; readonly warning: number };
  readonly check: ServiceCheck;
}

/** Consul reaps nothing sooner than after a minute. */
const DEREGISTER_AFTER_SECONDS = 60;

/** The id of the one check of a service that Sluice registers. */
export const checkIdOf = (serviceId: string): string => `sluice:${serviceId}`;

/**
 * The body of `PUT /v1/agent/service/register`.
 *
 * @param status where the check starts. Consul's own default is critical, which would take a service that
 *   merely registers again out of traffic until its next report
 */
export const registrationBody = (
  definition: ServiceDefinition,
  status: 'passing' | 'warning' | 'critical',
): object => {
  const { id, name, address, port, tags, meta, weights, check } = definition;
  return {
    ID: id,
    Name: name,
    Address: address,
    Port: port,
    Tags: tags,
    EnableTagOverride: false,
    ...(meta === undefined ? {} : { Meta: meta }),
    ...(weights === undefined ? {} : { Weights: { Passing: weights.passing, Warning: weights.warning } }),
    Checks: [
      {
        CheckID: checkIdOf(id),
        Name: `${name} is well`,
        Status: status,
        DeregisterCriticalServiceAfter: `${check.deregisterAfterSeconds ?? DEREGISTER_AFTER_SECONDS}s`,
        ...('http' in check
          ? {
              HTTP: check.http,
              Interval: `${check.intervalSeconds}s`,
              ...(check.timeoutSeconds === undefined ? {} : { Timeout: `${check.timeoutSeconds}s` }),
            }
          : { TTL: `${check.ttlSeconds}s` }),
      },
    ],
  };
};
