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
    catalog: 'web',
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
  sluicePeer('sluice, 1 rule', '100 instances behind one rule', { catalog: 'one rule', traced: 0.01 }),
  sluicePeer('sluice, 10,000 rules', '100 services of one instance with 100 paths each', {
    catalog: 'many rules',
    traced: 0.01,
  }),
  sluicePeer('sluice, no traces', 'tracing off', { catalog: 'web', traced: 'off' }),
  sluicePeer('sluice, 1 % traced', '1 % of the requests', { catalog: 'web', traced: 0.01 }),
  sluicePeer('sluice, 100 % traced', 'every request', { catalog: 'web', traced: 1 }),
];
