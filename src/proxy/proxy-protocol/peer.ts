/** The other end of a connection, as the proxy in front names it. */
export interface Peer {
  /** IP literal; IPv4 is never mapped into IPv6. */
  readonly address: string;
  /** Of the entrance by which it came to the proxy. */
  readonly port: number;
}

export interface ProxyHeader {
  /** Of the header. What is behind it is not the proxy's. */
  readonly bytes: number;
  /** Undefined where the proxy speaks for itself (a health check), or for somebody without an IP address. */
  readonly peer: Peer | undefined;
}

/** `incomplete`: more bytes may make it one. */
export type ReadProxyHeader = ProxyHeader | 'incomplete' | 'malformed';
