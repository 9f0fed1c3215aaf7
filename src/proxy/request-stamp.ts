import { inOnePiece } from './field-lines.ts';
import { and } from './fields.ts';
import type { RequestHead } from './request-head.ts';

/** What this hop says about a request that it passes on. */
export interface HopWords {
  /** As the client named it. */
  readonly authority: string;
  /** For `Host` upstream. */
  readonly host: string;
  /** Of the connection. */
  readonly scheme: 'http' | 'https';
  readonly clientScheme: 'http' | 'https';
  /** That the client asked for. */
  readonly port: number;
  readonly httpVersion: string;
  readonly peerAddress: string;
  readonly via: string;
  /** Whether what the peer says of those in front of it holds: it stays, and ours is added; else ours replaces it. */
  readonly trusted: boolean;
}

/** The lines that a proxy owes the upstream: `Host`, `Via`, who asked and by which name. */
export const stampLines = (head: RequestHead, words: HopWords): string => {
  const { authority, peerAddress, scheme } = words;
  const node = peerAddress.includes(':') ? `"[${peerAddress}]"` : peerAddress;
  const host = authority.includes(':') ? `"${authority}"` : authority;
  const before: Partial<RequestHead> = words.trusted ? head : NOBODY_BEFORE;
  return (
    `Host: ${words.host}\r\n` +
    `X-Forwarded-For: ${and(before.forwardedFor, peerAddress)}\r\n` +
    `X-Forwarded-Host: ${before.forwardedHost ?? authority}\r\n` +
    `X-Forwarded-Port: ${before.forwardedPort ?? words.port}\r\n` +
    `X-Forwarded-Proto: ${before.forwardedProto ?? words.clientScheme}\r\n` +
    `Forwarded: ${and(before.forwarded, `for=${node};host=${host};proto=${scheme}`)}\r\n` +
    `Via: ${and(head.via, `${words.httpVersion === '2' ? '2.0' : words.httpVersion} ${words.via}`)}\r\n`
  );
};

const NOBODY_BEFORE: Partial<RequestHead> = {};

/** The stamp of one connection: most of its requests ask for the same host again, and nobody has spoken before us. */
export class RequestStamp {
  #words: HopWords | undefined;
  #lines = '';

  lines(head: RequestHead, words: HopWords): string {
    if (head.via !== undefined || (words.trusted && hasBeenForwarded(head))) return stampLines(head, words);
    if (this.#words === undefined || !areSame(this.#words, words)) {
      this.#words = words;
      this.#lines = inOnePiece(stampLines(head, words));
    }
    return this.#lines;
  }
}

const hasBeenForwarded = (head: RequestHead): boolean =>
  (head.forwarded ?? head.forwardedFor ?? head.forwardedHost ?? head.forwardedPort ?? head.forwardedProto) !==
  undefined;

/** Of one connection, with nobody before us: the client is the same, and its port follows from the authority. */
const areSame = (a: HopWords, b: HopWords): boolean =>
  a.authority === b.authority &&
  a.host === b.host &&
  a.httpVersion === b.httpVersion &&
  a.scheme === b.scheme &&
  a.via === b.via;
