import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { readAddress } from '../core/client/node.ts';
import type { Client } from './client.ts';
import type { Peer } from './proxy-protocol/peer.ts';
import { RequestStamp } from './request-stamp.ts';

/** Something that runs on a client's connection. */
export interface OnConnection {
  /** Its turn has come. Called once at most. */
  begin(): void;
  /** The connection is gone. Called once at most. */
  clientLeft(): void;
  /** All of its request has come. */
  readonly isWhole?: boolean;
  /** What came in the place of the rest of its request is no HTTP. @returns whether it has an answer for that */
  garbled?(): boolean;
  /** The connection takes more again. Called where its server has let go of it and does not say so itself. */
  drained?(): void;
}

/** A lane whose requests run beside each other on one connection, which has words of its own for its end (HTTP/2). */
export interface Multiplexer {
  /** Asks the client to send no more requests here. Those that are on their way are served. */
  announceEnd(): void;
  /** Takes no more; the connection closes behind the last answer. */
  finish(): void;
}

/**
 * Requests that a client may send ahead of their answers. One that sends more floods, and is cut off: Node reads on
 * whatever one asks of the socket.
 */
const MOST_AHEAD = 256;

/**
 * One connection of a client. A client that pipelines is served one request at a time: what may change something
 * must not be overtaken (RFC 9112, 9.3.2), and after an answer that ends the connection nothing that the client
 * had sent ahead is done any more (9.6): behind a malformed request it may be no request at all.
 */
export class Connection {
  readonly socket: Socket;
  /** The client, as far as the connection tells. */
  readonly client: Client;
  readonly scheme: 'http' | 'https';
  readonly stamp = new RequestStamp();
  /** Set by a lane that serves requests beside each other. */
  multiplexer: Multiplexer | undefined;
  readonly #peer: Peer | undefined;
  #isTrusted: boolean | undefined;
  /** In the order of their coming; the first is under way, the others wait unless they are multiplexed. */
  readonly #entered: OnConnection[] = [];

  /** @param peer as a proxy in front told it by the PROXY protocol */
  constructor(socket: Socket, peer?: Peer) {
    this.socket = socket;
    this.#peer = peer;
    this.scheme = socket instanceof TLSSocket ? 'https' : 'http';
    const address = peer?.address ?? readAddress(socket.remoteAddress ?? '') ?? '';
    this.client = { address, scheme: this.scheme, port: undefined };
  }

  /**
   * IP literal of the other end, which may be a proxy's; IPv4 is never mapped into IPv6. Empty where it was gone before it
   * was looked at.
   */
  get peerAddress(): string {
    return this.client.address;
  }

  /** Of the entrance by which it came in. */
  get entrancePort(): number | undefined {
    return this.#peer?.port ?? this.socket.localPort;
  }

  /** Whether what its peer says of those in front of it holds; asked once. */
  isTrusted(trusts: (peerAddress: string) => boolean): boolean {
    this.#isTrusted ??= trusts(this.peerAddress);
    return this.#isTrusted;
  }

  /** Under way and waiting: of HTTP/1.1 normally none or one. */
  get running(): readonly OnConnection[] {
    return this.#entered;
  }

  /** Begins it as soon as everything before it has left; at once where they are multiplexed. */
  enter(one: OnConnection): void {
    this.#entered.push(one);
    if (this.multiplexer !== undefined) one.begin();
    else if (this.#entered.length === 1) this.#beginFirst();
    else if (this.#entered.length > MOST_AHEAD) this.socket.destroy();
  }

  leave(one: OnConnection): void {
    const at = this.#entered.indexOf(one);
    if (at < 0) return;
    this.#entered.splice(at, 1);
    if (at === 0 && this.multiplexer === undefined) this.#beginFirst();
  }

  #beginFirst(): void {
    // After its last answer the socket takes no more, and its end tells those that wait.
    if (this.socket.writable) this.#entered[0]?.begin();
  }
}

/** The open connections of one server. */
export class Connections implements Iterable<Connection> {
  readonly #all = new Map<Duplex, Connection>();
  readonly #perPeer = new Map<string, number>();
  #onEmpty = (): void => {};

  /** Follows a connection to its end; one that is known already stays what it is. */
  add(socket: Socket, peer?: Peer): Connection {
    const known = this.#all.get(socket);
    if (known !== undefined) return known;
    const connection = new Connection(socket, peer);
    const { peerAddress } = connection;
    this.#all.set(socket, connection);
    this.#count(peerAddress, 1);
    socket.once('close', () => {
      this.#all.delete(socket);
      this.#count(peerAddress, -1);
      for (const each of [...connection.running]) each.clientLeft();
      if (this.#all.size === 0) this.#onEmpty();
    });
    return connection;
  }

  /** Open connections of its peer, itself included. */
  ofPeer({ peerAddress }: Connection): number {
    return this.#perPeer.get(peerAddress) ?? 0;
  }

  #count(peerAddress: string, change: 1 | -1): void {
    const count = (this.#perPeer.get(peerAddress) ?? 0) + change;
    if (count === 0) this.#perPeer.delete(peerAddress);
    else this.#perPeer.set(peerAddress, count);
  }

  /** @returns undefined where it is over already */
  of(socket: Duplex): Connection | undefined {
    return this.#all.get(socket);
  }

  get size(): number {
    return this.#all.size;
  }

  /** Calls once there is none, at once where that is so. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback;
    if (this.size === 0) callback();
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#all.values();
  }
}
