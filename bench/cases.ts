import type { Load, Requests } from './load/load.ts';
import type { Speech } from './peers/peer.ts';
import { RULES, rulePath } from './rule-path.ts';
import { BODY_BYTES } from './upstream.ts';

export interface Case {
  readonly name: string;
  readonly about: string;
  readonly load: Load;
  /** Requests or messages a second of the open loop, which measures latency; far below what the slowest can do. */
  readonly rate: number;
  /** Who runs it; without, everyone. */
  readonly only?: readonly string[];
  /** Without: what everyone speaks. */
  readonly needs?: Speech;
  /** Whom the others are compared with, within each round. */
  readonly against: readonly string[];
  /** Rounds that it takes at least, unless the run is for soundness only. */
  readonly rounds?: number;
}

export const SMALL_GET: Requests = {
  kind: 'http',
  method: 'GET',
  path: '/',
  bodyBytes: 0,
  answerBytes: BODY_BYTES.small,
  connections: 64,
  fresh: false,
  tls: 'no',
  rules: 1,
};

const BOTH = ['nginx', 'http-proxy'];

export const CASES: readonly Case[] = [
  ...[16, 64, 256].map(connections => ({
    name: `get-${connections}`,
    about: `GET, ${BODY_BYTES.small} bytes, ${connections} connections`,
    load: { ...SMALL_GET, connections },
    rate: 2_000,
    against: BOTH,
  })),
  {
    name: 'get-16k',
    about: 'GET, 16 KiB, 64 connections',
    load: { ...SMALL_GET, path: '/16k', answerBytes: BODY_BYTES['16k'] },
    rate: 1_000,
    against: BOTH,
  },
  {
    name: 'get-1m',
    about: 'GET, 1 MiB, 16 connections',
    load: { ...SMALL_GET, path: '/1m', answerBytes: BODY_BYTES['1m'], connections: 16 },
    rate: 50,
    against: BOTH,
  },
  {
    name: 'post-16k',
    about: 'POST of 16 KiB, 64 connections',
    load: { ...SMALL_GET, method: 'POST', bodyBytes: 16_384 },
    rate: 1_000,
    against: BOTH,
  },
  {
    name: 'connect',
    about: 'GET, a new connection each, 64 at a time',
    load: { ...SMALL_GET, fresh: true },
    rate: 500,
    against: BOTH,
  },
  {
    name: 'websocket',
    about: 'WebSocket messages of 64 bytes echoed, 64 connections',
    load: { kind: 'websocket', connections: 64 },
    rate: 2_000,
    against: BOTH,
  },
  {
    name: 'tls',
    about: 'GET over TLS, 64 connections',
    load: { ...SMALL_GET, tls: 'yes' },
    rate: 1_000,
    needs: 'tls',
    against: ['nginx'],
  },
  {
    name: 'handshake',
    about: 'GET, a new TLS connection each, 16 at a time',
    load: { ...SMALL_GET, tls: 'yes', fresh: true, connections: 16 },
    rate: 100,
    needs: 'tls',
    against: ['nginx'],
  },
  {
    name: 'resumed',
    about: 'the same with the TLS session of an earlier one',
    load: { ...SMALL_GET, tls: 'resumed', fresh: true, connections: 16 },
    rate: 100,
    needs: 'tls',
    against: ['nginx'],
  },
  {
    name: 'http2',
    about: 'GET over HTTP/2 and TLS, 16 connections with 8 streams each',
    load: { kind: 'http2', connections: 16, streams: 8, answerBytes: BODY_BYTES.small },
    rate: 1_000,
    needs: 'http2',
    against: ['nginx'],
  },
  {
    name: 'grpc',
    about: 'unary gRPC of 64 bytes echoed, 16 connections with 8 calls each',
    load: { kind: 'grpc', connections: 16, streams: 8, streaming: false },
    rate: 500,
    needs: 'grpc',
    against: ['nginx'],
  },
  {
    name: 'grpc-stream',
    about: 'gRPC messages of 64 bytes echoed within calls, 16 connections with 4 calls each',
    load: { kind: 'grpc', connections: 16, streams: 4, streaming: true },
    rate: 1_000,
    needs: 'grpc',
    against: ['nginx'],
  },
  {
    name: 'rules',
    about: `GET spread over ${RULES.toLocaleString('en')} rules, or with one, 64 connections`,
    load: { ...SMALL_GET, path: rulePath(0), rules: RULES },
    rate: 2_000,
    only: ['sluice, 1 rule', 'sluice, 10,000 rules'],
    against: ['sluice, 1 rule'],
    rounds: 10,
  },
  {
    name: 'tracing',
    about: 'GET with tracing off, at 1 % and at 100 %, 64 connections',
    load: SMALL_GET,
    rate: 2_000,
    only: ['sluice, no traces', 'sluice, 1 % traced', 'sluice, 100 % traced'],
    against: ['sluice, no traces'],
  },
];
