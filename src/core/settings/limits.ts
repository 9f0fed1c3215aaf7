/** What one process takes upon itself at most. `Infinity` is no limit. */
export interface Limits {
  /** Of the request line and all headers together. */
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly uriBytes: number;
  readonly bodyBytes: number;
  /** A body of at most so many bytes is read whole before it is sent, and can be sent again. */
  readonly keptBodyBytes: number;
  /** Requests under way; more are refused as `overloaded`. Upgraded connections do not count. */
  readonly requests: number;
  /** Connections of clients; more are closed as they come. */
  readonly connections: number;
  /** Of these, connections from one address; more are closed as they come. */
  readonly connectionsPerClient: number;
  /** Requests under way on one connection of HTTP/2; the client keeps others back. */
  readonly streamsPerConnection: number;
  /** Connections to one instance; a request over it goes to another instance or is refused as `overloaded`. */
  readonly connectionsPerInstance: number;
  /** Bytes a second that a client has to send of its body, or to take of its answer, while we wait for it. */
  readonly clientRate: number;
}

/** All in milliseconds; 0 is off (and for `linger`, at once). */
export interface Timeouts {
  /** For the head of a request, from its connection's start or from its first byte. */
  readonly requestHead: number;
  /** A client that neither sends its body on nor takes the response. */
  readonly clientStall: number;
  /** So long a client is waited for before `clientRate` counts. */
  readonly rateGrace: number;
  /** An idle connection of a client. */
  readonly keepAlive: number;
  /** From the last byte of the request that moved to the head of the response, over all attempts. */
  readonly response: number;
  /** From the head of the request to the end of the response. Streams end by it, too. */
  readonly total: number;
  readonly connect: number;
  /** Of one attempt: from the last byte of the request to the head of the response. */
  readonly responseHead: number;
  /** Between two pieces of a response. Long, since an event stream may rest for minutes. */
  readonly responseStall: number;
  /** For what a client still uploads after its answer is complete, before the connection is closed. */
  readonly linger: number;
  /** For the answer to whether a request may pass (auth filters). */
  readonly auth: number;
  /** An event loop that is late by so much for half a second and longer has requests refused (shedding.ts). */
  readonly loopDelay: number;
}

export const DEFAULT_LIMITS: Limits = {
  headerBytes: 32 * 1024,
  headerCount: 200,
  uriBytes: 8 * 1024,
  bodyBytes: Number.POSITIVE_INFINITY,
  keptBodyBytes: 16 * 1024,
  requests: 10_000,
  connections: 20_000,
  // One address must not take them all; a load balancer in front is one address, too.
  connectionsPerClient: 15_000,
  streamsPerConnection: 250,
  connectionsPerInstance: 1_024,
  clientRate: 240,
};

export const DEFAULT_TIMEOUTS: Timeouts = {
  requestHead: 15_000,
  clientStall: 60_000,
  rateGrace: 5_000,
  keepAlive: 75_000,
  response: 60_000,
  total: 0,
  connect: 3_000,
  responseHead: 60_000,
  responseStall: 15 * 60_000,
  linger: 5_000,
  auth: 5_000,
  loopDelay: 250,
};
