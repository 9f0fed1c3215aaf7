import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { checkServerIdentity, type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Instance } from '../../core/model/instance.ts';
import { isOverTls, type Speech } from '../../core/model/speech.ts';
import type { Log } from '../../telemetry/log.ts';
import { HandshakeFault, handshakeFaultOf } from './handshake-fault.ts';
import type { UpstreamTls } from './tls.ts';

/** Milliseconds before a peer that vanished is noticed on a silent connection. */
const PROBE_AFTER = 30_000;

/** Milliseconds until the same trouble is told of again. */
const TOLD_EVERY = 60_000;

/** Opens connections to one instance, in the clear or over TLS, and tells why it cannot be spoken to. */
export class Dialer {
  readonly #instance: Pick<Instance, 'id' | 'address' | 'port'>;
  readonly #speech: Speech | undefined;
  readonly #tls: UpstreamTls;
  readonly #log: Log;
  /** With it the next handshake is a short one; of use with the context it was made with. */
  #session: Buffer | undefined;
  #sessionContext: SecureContext | undefined;
  /** As it was told last, and when. */
  #told = '';
  #toldAt = 0;

  constructor(
    instance: Pick<Instance, 'id' | 'address' | 'port'>,
    speech: Speech | undefined,
    tls: UpstreamTls,
    log: Log,
  ) {
    this.#instance = instance;
    this.#speech = speech;
    this.#tls = tls;
    this.#log = log;
  }

  get scheme(): 'http' | 'https' {
    return isOverTls(this.#speech) ? 'https' : 'http';
  }

  /** What a socket of `open` emits when requests may be written. */
  get readyEvent(): 'connect' | 'secureConnect' {
    return isOverTls(this.#speech) ? 'secureConnect' : 'connect';
  }

  /** @param onread what is read goes there, in place of `data` events */
  open(onread?: OnReadOpts): Socket {
    const { address: host, port } = this.#instance;
    if (isOverTls(this.#speech)) return this.#openTls(host, port, onread);
    const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER };
    return connect(onread === undefined ? options : { ...options, onread });
  }

  #openTls(host: string, port: number, onread: OnReadOpts | undefined): TLSSocket {
    const { context, verifies } = this.#tls;
    const { serverName = host, protocol } = this.#speech ?? {};
    const socket = tlsConnect({
      host,
      port,
      secureContext: context,
      rejectUnauthorized: verifies,
      checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
      ALPNProtocols: [protocol === 'h2' ? 'h2' : 'http/1.1'],
      // An address is no server name (RFC 6066, 3).
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      // Whoever came back by an old ticket would not be judged by new authorities.
      ...(this.#session !== undefined && this.#sessionContext === context ? { session: this.#session } : {}),
      ...(onread === undefined ? {} : { onread }),
    });
    socket.on('session', session => {
      this.#session = session;
      this.#sessionContext = context;
    });
    return socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER);
  }

  /**
   * What to make of a connection that came to nothing.
   *
   * @returns where the instance and this gateway do not understand each other, a `HandshakeFault`, which is told to the
   * operator, too; else the cause
   */
  explain(cause: Error): Error {
    const fault = cause instanceof HandshakeFault ? cause : handshakeFaultOf(cause, this.#speech);
    if (fault === undefined) return cause;
    const now = performance.now();
    if (fault.message !== this.#told || now - this.#toldAt >= TOLD_EVERY) {
      this.#told = fault.message;
      this.#toldAt = now;
      this.#log.warn(
        { instance: this.#instance.id, problem: fault.message },
        'an instance cannot be spoken to',
      );
    }
    return fault;
  }
}
