import type { Socket } from 'node:net';
import { readAddress } from '../../core/client/node.ts';
import type { Log } from '../../telemetry/log.ts';
import { readProxyHeader } from './header.ts';
import type { Peer } from './peer.ts';

/** Why a connection was closed before anything of it was served. */
export type Unproxied = 'untrusted' | 'malformed' | 'late';

const HINTS: Readonly<Record<Unproxied, string>> = {
  untrusted:
    'it is not one of --trusted-proxies, and --proxy-protocol require takes connections of those only',
  malformed:
    'it does not begin with a header of the PROXY protocol: have the proxy send it (HAProxy: send-proxy-v2)',
  late: 'its header of the PROXY protocol did not come in time',
};

/** Milliseconds between two lines of the log about one reason: whoever connects can cause them. */
const SAY_AGAIN_AFTER = 60_000;

export interface ProxyDoorOptions {
  readonly trusts: (address: string) => boolean;
  /** Milliseconds for the whole header; 0 is without limit. */
  readonly deadline: number;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Takes the header of the PROXY protocol off connections of trusted proxies, and closes all others. */
export class ProxyDoor {
  readonly refused: Readonly<Record<Unproxied, number>>;
  readonly #options: ProxyDoorOptions;
  readonly #counts: Record<Unproxied, number> = { untrusted: 0, malformed: 0, late: 0 };
  readonly #said = new Map<Unproxied, number>();
  readonly #waiting = new Set<Socket>();
  /** By the ends of the connection: a TLS socket does not tell on which other one it sits. */
  readonly #peers = new Map<string, Peer>();

  constructor(options: ProxyDoorOptions) {
    this.#options = options;
    this.refused = this.#counts;
  }

  /** Connections whose header is not all there. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * @param socket nothing was read from it
   * @param onRead called once at most, when the bytes behind the header are in it again
   */
  take(socket: Socket, onRead: (socket: Socket) => void): void {
    const proxy = readAddress(socket.remoteAddress ?? '');
    const { trusts, deadline } = this.#options;
    socket.on('error', ignore);
    if (proxy === undefined || !trusts(proxy)) {
      this.#refuse(socket, 'untrusted');
      return;
    }
    let read: Buffer = NOTHING;
    const onReadable = (): void => {
      const piece: Buffer | null = socket.read();
      if (piece === null) return;
      read = read.length === 0 ? piece : Buffer.concat([read, piece]);
      const header = readProxyHeader(read);
      if (header === 'incomplete') return;
      leave();
      if (header === 'malformed') {
        this.#refuse(socket, 'malformed');
        return;
      }
      if (read.length > header.bytes) socket.unshift(read.subarray(header.bytes));
      this.#keep(socket, header.peer ?? { address: proxy, port: socket.localPort ?? 0 });
      onRead(socket);
    };
    const onEnd = (): void => {
      leave();
      socket.destroy();
    };
    const timer =
      deadline === 0
        ? undefined
        : setTimeout(() => {
            leave();
            this.#refuse(socket, 'late');
          }, deadline).unref();
    const leave = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(socket);
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', ignore);
    };
    this.#waiting.add(socket);
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
  }

  /**
   * The other end of a connection that it let in, be it asked by way of a TLS socket: the proxy itself where it spoke for
   * nobody. Undefined for any other, and for one that is gone.
   */
  peerOf(socket: Socket): Peer | undefined {
    return this.#peers.get(endsOf(socket));
  }

  #keep(socket: Socket, peer: Peer): void {
    const ends = endsOf(socket);
    this.#peers.set(ends, peer);
    socket.once('close', () => this.#peers.delete(ends));
  }

  /** Closes those whose header is not all there. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #refuse(socket: Socket, reason: Unproxied): void {
    const { log, now } = this.#options;
    this.#counts[reason] += 1;
    if (now() - (this.#said.get(reason) ?? Number.NEGATIVE_INFINITY) >= SAY_AGAIN_AFTER) {
      this.#said.set(reason, now());
      log.warn(
        { peer: socket.remoteAddress, reason, hint: HINTS[reason] },
        'a connection was closed as it came',
      );
    }
    socket.destroy();
  }
}

const endsOf = ({ remoteAddress, remotePort, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localPort}`;

const NOTHING = Buffer.alloc(0);

/** What it breaks tells the end of the connection, and that is listened to. */
const ignore = (): void => {};
