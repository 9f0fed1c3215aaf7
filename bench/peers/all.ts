import { caddyPeer } from './caddy.ts';
import { directPeer } from './direct.ts';
import { envoyPeer } from './envoy.ts';
import { haproxyPeer } from './haproxy.ts';
import { nginxPeer } from './nginx.ts';
import { fastifyPeer, httpProxy3Peer, httpProxyPeer } from './node.ts';
import type { Peer } from './peer.ts';
import { sluicePeer } from './sluice.ts';

/** Whom a case measures that names nobody, in the order of the table. */
export const PEERS: readonly Peer[] = [
  directPeer,
  sluicePeer('sluice', 'routing, weights, metrics, health and 1 % tracing on', {
    rules: 'one',
    traced: 0.01,
  }),
  nginxPeer,
  haproxyPeer,
  envoyPeer,
  caddyPeer,
  httpProxyPeer,
  httpProxy3Peer,
  fastifyPeer,
];

/** Sluice in the ways that the cases of Sluice alone compare. */
export const VARIANTS: readonly Peer[] = [
  sluicePeer('sluice, 1 rule', 'one rule for every path', { rules: 'one', traced: 0.01 }),
  sluicePeer('sluice, 10,000 rules', '100 services with 100 paths each', { rules: 'many', traced: 0.01 }),
  sluicePeer('sluice, no traces', 'tracing off', { rules: 'one', traced: 'off' }),
  sluicePeer('sluice, 1 % traced', '1 % of the requests', { rules: 'one', traced: 0.01 }),
  sluicePeer('sluice, 100 % traced', 'every request', { rules: 'one', traced: 1 }),
];
