import { inOnePiece } from './field-lines.ts';
import { and } from './fields.ts';
import type { RequestHead } from './request-head.ts';

/** What this hop says about a request that it passes on. */
export interface HopWords {
  /** As the client named it. */
  readonly authority: string;
  /** For `Host` upstream. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly httpVersion: string;
  readonly clientAddress: string;
  readonly via: string;
  /** Whether what the client says of the outermost host and scheme holds. */
  readonly trusted: boolean;
}

/** The lines that a proxy owes the upstream: `Host`, `Via`, who asked and by which name. */
export const stampLines = (head: RequestHead, words: HopWords): string => {
  const { authority, clientAddress, scheme, trusted } = words;
  const node = clientAddress.includes(':') ? `"[${clientAddress}]"` : clientAddress;
  const host = authority.includes(':') ? `"${authority}"` : authority;
  return (
    `Host: ${words.host}\r\n` +
    `X-Forwarded-For: ${and(head.forwardedFor, clientAddress)}\r\n` +
    `X-Forwarded-Host: ${(trusted ? head.forwardedHost : undefined) ?? authority}\r\n` +
    `X-Forwarded-Proto: ${(trusted ? head.forwardedProto : undefined) ?? scheme}\r\n` +
    `Forwarded: ${and(head.forwarded, `for=${node};host=${host};proto=${scheme}`)}\r\n` +
    `Via: ${and(head.via, `${words.httpVersion} ${words.via}`)}\r\n`
  );
};

/** The stamp of one connection: most of its requests ask for the same host again, and nobody has spoken before us. */
export class RequestStamp {
  #words: HopWords | undefined;
  #lines = '';

  lines(head: RequestHead, words: HopWords): string {
    if (hasBeenForwarded(head)) return stampLines(head, words);
    if (this.#words === undefined || !areSame(this.#words, words)) {
      this.#words = words;
      this.#lines = inOnePiece(stampLines(head, words));
    }
    return this.#lines;
  }
}

const hasBeenForwarded = ({
  via,
  forwarded,
  forwardedFor,
  forwardedHost,
  forwardedProto,
}: RequestHead): boolean =>
  (via ?? forwarded ?? forwardedFor ?? forwardedHost ?? forwardedProto) !== undefined;

/** Of one connection: the client is the same. */
const areSame = (a: HopWords, b: HopWords): boolean =>
  a.authority === b.authority &&
  a.host === b.host &&
  a.httpVersion === b.httpVersion &&
  a.scheme === b.scheme &&
  a.via === b.via;
