import { clientInForwarded } from '../core/client/forwarded.ts';
import { clientIn } from '../core/client/forwarded-for.ts';
import type { RequestHead } from './request-head.ts';

/** Who sent a request, and how, as far as it is believed. */
export interface Client {
  /** IP literal; IPv4 is never mapped into IPv6. */
  readonly address: string;
  readonly scheme: 'http' | 'https';
  /** Of the entrance that the client sees, where a proxy in front has told of it. */
  readonly port: number | undefined;
}

const USUAL_PORT = { http: 80, https: 443 } as const;

/**
 * The client of a request whose peer is trusted: whom it speaks for. `X-Forwarded-For` outranks `Forwarded`: a proxy that
 * writes the one and not the other passes on whatever clients put there, and nearly all of them write the former.
 *
 * @param client as far as the connection tells
 */
export const clientBehind = (
  client: Client,
  head: RequestHead,
  trusts: (address: string) => boolean,
): Client => {
  const { forwarded, forwardedFor, forwardedProto, forwardedPort } = head;
  if ((forwardedFor ?? forwarded ?? forwardedProto ?? forwardedPort) === undefined) return client;
  const told =
    forwardedFor === undefined && forwarded !== undefined ? clientInForwarded(forwarded, trusts) : undefined;
  const address = forwardedFor === undefined ? told?.address : clientIn(forwardedFor, trusts);
  const scheme = readScheme(forwardedProto) ?? told?.scheme;
  return {
    address: address ?? client.address,
    scheme: scheme ?? client.scheme,
    port: readPort(forwardedPort) ?? (scheme === undefined ? client.port : USUAL_PORT[scheme]),
  };
};

/** The first of several is that of the outermost proxy, whose entrance the client sees. */
const first = (list: string): string => list.split(',', 1)[0]?.trim().toLowerCase() ?? '';

const readScheme = (told: string | undefined): 'http' | 'https' | undefined => {
  const scheme = told === undefined ? '' : first(told);
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
};

const readPort = (told: string | undefined): number | undefined => {
  const port = told === undefined ? '' : first(told);
  return /^[1-9]\d{0,4}$/.test(port) && Number(port) < 65_536 ? Number(port) : undefined;
};

/** What goes upstream as the port that the client asked for: as it named it, else the usual one. */
export const askedPort = (named: number | undefined, { scheme }: Client): number =>
  named ?? USUAL_PORT[scheme];
