import type { Socket } from 'node:net';
import { createServer, type SecureVersion, type Server, type TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';
import { CertificateTable } from './certificate-table.ts';

export interface DoorOptions {
  /** Milliseconds for a whole handshake. */
  readonly handshakeTimeout: number;
  readonly minVersion: SecureVersion;
  /** What is offered to clients (RFC 7301), the best first. */
  readonly protocols: readonly string[];
  /** A client is in; nothing was read from it yet. */
  readonly onSecure: (socket: TLSSocket) => void;
}

/** What clients may be shown, and what lets them come back without a whole handshake. Plain data. */
export interface Certificates {
  /** At least one, judged before. Whoever asks for no name, or for one that none has, is shown the first. */
  readonly all: readonly Certificate[];
  /** The same in all processes of a gateway: 48 bytes (RFC 5077). */
  readonly ticketKeys: Uint8Array;
}

/** Makes TLS connections of connections, by certificates that may be replaced at any time. */
export class TlsDoor {
  readonly #server: Server;
  readonly #minVersion: SecureVersion;
  /** Whatever came and is still there, in or not. */
  readonly #open = new Set<Socket>();
  #inside = 0;
  #failed = 0;
  #table: CertificateTable | undefined;

  constructor({ handshakeTimeout, minVersion, protocols, onSecure }: DoorOptions) {
    this.#minVersion = minVersion;
    this.#server = createServer({
      handshakeTimeout,
      minVersion,
      ALPNProtocols: [...protocols],
      SNICallback: (name, done) => done(null, this.#table?.contextFor(name)),
    });
    this.#server.on('secureConnection', socket => {
      this.#inside += 1;
      socket.once('close', () => {
        this.#inside -= 1;
      });
      onSecure(socket);
    });
    this.#server.on('tlsClientError', (_, socket) => {
      this.#failed += 1;
      socket.destroy();
    });
  }

  /** New handshakes go by these; who is in stays in. */
  certify({ all, ticketKeys }: Certificates): void {
    const [first] = all;
    if (first === undefined) return;
    this.#table = new CertificateTable(all, this.#minVersion);
    this.#server.setSecureContext({ cert: first.cert, key: first.key, minVersion: this.#minVersion });
    this.#server.setTicketKeys(Buffer.from(ticketKeys));
  }

  /** Connections in the midst of a handshake. */
  get shaking(): number {
    return this.#open.size - this.#inside;
  }

  /** Handshakes that came to nothing, since the start. */
  get failed(): number {
    return this.#failed;
  }

  take(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    this.#server.emit('connection', socket);
  }

  /** Cuts whatever is there, in or not. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
