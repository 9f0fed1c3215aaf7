/** Where Consul is and how it is spoken to: the same for every call. */
export interface Endpoint {
  /** Ends in `/v1`; a path in the address stands before it. */
  readonly base: URL;
  readonly tls: ConsulTls | undefined;
  /** For each request: the headers that it carries. The token may be another one than before. */
  readonly headers: () => Record<string, string>;
  /** Another datacenter than the agent's own. */
  readonly dc: string | undefined;
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** PEM texts. Without `ca` the system's authorities count. */
export interface ConsulTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the certificate must carry, where it isn't that of the address. */
  readonly servername?: string;
}

export interface EndpointOptions {
  /** `host:port`, or a URL; a path in it stands before `/v1`. */
  readonly address: string;
  /** Asked for each request. */
  readonly token?: () => string | undefined;
  /** Speak https. */
  readonly tls?: ConsulTls;
  /** Which datacenter's catalog and keys are read; the agent's own unless said. */
  readonly dc?: string;
  /** How long a call may take, in milliseconds; a blocking query may take so much longer than its wait. */
  readonly timeoutMs?: number;
}

/** @throws TypeError where the address is none */
export const endpointOf = ({ address, token, tls, dc, timeoutMs = 5_000 }: EndpointOptions): Endpoint => {
  const base = new URL(address.includes('://') ? address : `http://${address}`);
  if (tls !== undefined) base.protocol = 'https:';
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/v1`;
  return {
    base,
    tls,
    headers: () => {
      const now = token?.();
      return now === undefined ? {} : { 'x-consul-token': now };
    },
    dc,
    timeoutMs,
  };
};
