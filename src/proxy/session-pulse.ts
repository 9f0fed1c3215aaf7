import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** Looks without a word from the other side, before the session is tried. */
const QUIET_LOOKS = 2;

/**
 * Whether a session of HTTP/2 still does anything. Where the other side breaks the rules of the connection (RFC 9113, 5.4.1),
 * nghttp2 writes GOAWAY, and from then on neither writes nor reads. Node before 22.23 and 24.21 tells nobody and does not see
 * the end of the connection any more: what is on the session, and what comes to it later, waits for ever.
 *
 * So a session that is quiet is handed a frame without effect, SETTINGS that set nothing (6.5): one that has given up does
 * not write it. PING is not for this: servers of gRPC count those.
 */
export class SessionPulse {
  readonly #session: Http2Session;
  readonly #socket: Socket;
  #bytesHeard = 0;
  #quietLooks = 0;
  /** Bytes written before the session was tried; undefined where it was not since it was heard last. */
  #bytesBefore: number | undefined;
  #isAnswerDue = false;

  constructor(session: Http2Session, socket: Socket) {
    this.#session = session;
    this.#socket = socket;
  }

  /**
   * A look, about once a second, while the session carries something.
   *
   * @param isUnsent something waits to be written: a peer that reads nothing for a while must not be taken for this
   */
  look(isUnsent: boolean): 'heard' | 'quiet' | 'given up' {
    const { bytesRead, bytesWritten } = this.#socket;
    if (bytesRead !== this.#bytesHeard) {
      this.#bytesHeard = bytesRead;
      this.rest();
      return 'heard';
    }
    if (this.#bytesBefore !== undefined) return bytesWritten === this.#bytesBefore ? 'given up' : 'quiet';
    this.#quietLooks += 1;
    if (this.#quietLooks >= QUIET_LOOKS && !isUnsent && !this.#isAnswerDue) {
      this.#bytesBefore = bytesWritten;
      this.#isAnswerDue = true;
      this.#session.settings({}, this.#onAnswer);
    }
    return 'quiet';
  }

  /** It carries nothing. */
  rest(): void {
    this.#quietLooks = 0;
    this.#bytesBefore = undefined;
  }

  /** What has come by now was asked for by us, and is no sign that the other side does anything of its own. */
  discount(): void {
    this.#bytesHeard = this.#socket.bytesRead;
  }

  readonly #onAnswer = (): void => {
    this.#isAnswerDue = false;
    this.discount();
  };
}
