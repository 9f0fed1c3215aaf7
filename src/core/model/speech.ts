/** What a tag may name: HTTP/1.1 or HTTP/2, in the clear or over TLS (the `h2` and `h2c` of RFC 7540, 3.1). */
export const PROTOCOLS = ['http', 'https', 'h2', 'h2c'] as const;

export type Protocol = (typeof PROTOCOLS)[number];

/** How an instance is spoken to, where that is not HTTP/1.1 in the clear. */
export interface Speech {
  readonly protocol: Exclude<Protocol, 'http'>;
  /** Over TLS: whom its certificate has to name, and the server name of the handshake (RFC 6066, 3). */
  readonly serverName?: string;
}

export const isOverTls = (speech: Speech | undefined): boolean =>
  speech?.protocol === 'https' || speech?.protocol === 'h2';

export const isHttp2 = (speech: Speech | undefined): boolean =>
  speech?.protocol === 'h2' || speech?.protocol === 'h2c';

export const isSameSpeech = (one: Speech | undefined, other: Speech | undefined): boolean =>
  one === other || (one?.protocol === other?.protocol && one?.serverName === other?.serverName);
