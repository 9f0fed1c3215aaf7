/** HTTP requests, all alike but for their path where there are many rules. */
export interface Requests {
  readonly kind: 'http';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Of each request. */
  readonly bodyBytes: number;
  /** Of each answer; another length is a bad answer. */
  readonly answerBytes: number;
  readonly connections: number;
  /** A new connection for each. */
  readonly fresh: boolean;
  /** `resumed`: each new connection goes on with the TLS session of an earlier one. */
  readonly tls: 'no' | 'yes' | 'resumed';
  /** More than one: the paths of so many rules (../rule-path.ts) in turn, `path` being the first. */
  readonly rules: number;
}

/** Messages that come back, on WebSockets. */
export interface Messages {
  readonly kind: 'websocket';
  readonly connections: number;
}

/** Small GETs over HTTP/2 and TLS. */
export interface Streams {
  readonly kind: 'http2';
  readonly connections: number;
  /** Requests at once on each connection. */
  readonly streams: number;
  /** Of each answer. */
  readonly answerBytes: number;
}

/** gRPC messages that come back, over HTTP/2 by prior knowledge. */
export interface Calls {
  readonly kind: 'grpc';
  readonly connections: number;
  /** Calls at once on each connection. */
  readonly streams: number;
  /** One call for all messages of a stream, instead of one for each. */
  readonly streaming: boolean;
}

export type Load = Requests | Messages | Streams | Calls;

/** Requests or messages at once. */
export const lanesOf = (load: Load): number =>
  'streams' in load ? load.connections * load.streams : load.connections;

export interface Throughput {
  /** Requests answered, or messages that came back. */
  readonly done: number;
  readonly seconds: number;
  /** Answers that were not 2xx or not whole, and requests without any. */
  readonly bad: number;
}

/** Milliseconds from when a request was due until its answer was whole. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly done: number;
  readonly bad: number;
  /** Due, but never sent, or not answered by some time after the end: peer or load fell behind for good. */
  readonly missed: number;
}

/** What the load's process can do (client.ts). */
export type Work =
  | {
      readonly kind: 'rate';
      readonly load: Load;
      readonly port: number;
      readonly rate: number;
      readonly warmUp: number;
      readonly seconds: number;
    }
  | { readonly kind: 'saturate'; readonly load: Load; readonly port: number; readonly seconds: number }
  | { readonly kind: 'hold'; readonly load: Requests; readonly port: number }
  | { readonly kind: 'release' };

/** Connections that had one good answer each and are kept. */
export interface Held {
  readonly open: number;
}

export interface Job {
  readonly id: number;
  readonly work: Work;
}

export type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });
