/** Health of an instance: the worst of its own checks and its node's; maintenance outranks them all. */
export type Health = 'passing' | 'warning' | 'critical' | 'maintenance';

/** One registered address and port of a service, as the Consul catalog has it. */
export interface Instance {
  /** Identity for load and health figures: `node/serviceId@address:port`. Changes when the address does. */
  readonly id: string;
  readonly service: string;
  readonly serviceId: string;
  readonly node: string;
  /** Host name or IP literal (IPv6 without brackets). */
  readonly address: string;
  readonly port: number;
  readonly health: Health;
  /** The tags exactly as registered. */
  readonly tags: readonly string[];
  /** Consul's own weight for the present health; 1 where Consul says nothing. */
  readonly weight: number;
  readonly createIndex: number;
  readonly modifyIndex: number;
  /** Set while Consul no longer lists the instance and the wipe guard keeps it: epoch milliseconds of expiry. */
  readonly heldUntil?: number;
}

/** Every instance that Consul lists (or that is held), whatever its health, by service name. */
export type Catalog = ReadonlyMap<string, readonly Instance[]>;

/** Which health counts as live. */
export type LivePolicy = 'passing-only' | 'allow-warning';

export const isLive = (instance: Instance, policy: LivePolicy): boolean =>
  instance.health === 'passing' || (policy === 'allow-warning' && instance.health === 'warning');

/** The one version name of instances that carry no `version=` tag. */
export const DEFAULT_VERSION = 'default';
