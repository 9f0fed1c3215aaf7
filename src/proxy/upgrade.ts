import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import httpProxy from 'http-proxy';
import type { ErrorCode } from '../core/errors.ts';
import type { Answer } from '../core/filters/answer.ts';
import type { Target } from '../core/model/rule.ts';
import { isHttp2 } from '../core/model/speech.ts';
import type { Connection, OnConnection } from './connection.ts';
import type { Context } from './context.ts';
import { fieldsOf, linesOf } from './field-lines.ts';
import { CLIENT_LEFT, Journey } from './journey.ts';
import {
  answerSocket,
  closeAfter,
  cutOff,
  edited,
  type OwnAnswer,
  problem,
  rawHead,
  ruled,
} from './respond.ts';
import { hasLostCoding, type ResponseHead, readResponseHead } from './response-head.ts';
import type { Traveller } from './traveller.ts';
import { Tunnel } from './tunnel.ts';
import { byName, type Fields, requestLinesOf } from './upgrade-request.ts';
import type { Dialer } from './upstream/dialer.ts';

const createTunnels = () => httpProxy.createProxyServer();

type Tunnels = ReturnType<typeof createTunnels>;

/** Carries one request for an upgrade, and the connection that may come of it. Never throws. */
export type Upgrader = (connection: Connection, req: IncomingMessage, head: Buffer) => void;

export const createUpgrader = (ctx: Context): Upgrader => {
  const tunnels = createTunnels();
  // Every way to fail is heard where it happens; without a listener here each would be thrown.
  tunnels.on('error', () => {});
  return (connection, req, head) => {
    if (head.length > 0) connection.socket.unshift(head);
    connection.enter(new Upgrade(ctx, connection, req, tunnels));
  };
};

/**
 * One request for an upgrade: its journey leads to attempts; an upstream agrees, and http-proxy joins the two
 * connections; or it declines, and its answer goes to the client; or nobody answers.
 */
class Upgrade implements Traveller, OnConnection {
  readonly #ctx: Context;
  readonly #connection: Connection;
  readonly #req: IncomingMessage;
  readonly #tunnels: Tunnels;
  readonly #socket: Socket;
  readonly #journey: Journey;
  #outgoing: ClientRequest | undefined;
  #tunnel: Tunnel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #status: number | undefined;
  #error: ErrorCode | undefined;
  #before: { readonly read: number; readonly written: number };
  #cut = false;
  #over = false;

  constructor(ctx: Context, connection: Connection, req: IncomingMessage, tunnels: Tunnels) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#req = req;
    this.#tunnels = tunnels;
    this.#socket = connection.socket;
    this.#journey = new Journey(ctx, connection, requestLinesOf(req), this);
    this.#before = bytesOf(this.#socket);
    // Node's HTTP server has let go of the socket; an error without a listener would end the process.
    this.#socket.on('error', () => {});
    this.#socket.on('readable', this.#lookForEnd).once('end', this.#clientEnded);
  }

  begin(): void {
    const { fault } = this.#journey.intake;
    if (fault !== undefined) this.fail(fault);
    // A connection that is to last is better begun elsewhere than cut at the end of the drain.
    else if (this.#ctx.closed || this.#ctx.admission.refusesRequest(this.#ctx.requests + 1)) {
      this.fail('overloaded');
    } else this.#journey.depart();
  }

  attempt(target: Target, path: string): void {
    // What is asked for is a change of an HTTP/1.1 connection: such an instance has none (RFC 9113, 8.6).
    if (isHttp2(target.speech)) {
      this.fail('upgrade_unsupported');
      return;
    }
    const { upgrade = '' } = this.#journey.intake.head;
    const lines = this.#journey.beginAttempt(target);
    const fields = [...fieldsOf(lines), 'Connection', 'Upgrade', 'Upgrade', upgrade];
    const dialer = this.#ctx.upstreams.dialer(target);
    const outgoing = this.#ask(target, dialer, path, byName(fields));
    this.#outgoing = outgoing;
    let sent = false;
    let late = false;
    const deadline = (ms: number): void => {
      clearTimeout(this.#timer);
      if (ms === 0) return;
      this.#timer = setTimeout(() => {
        late = true;
        outgoing.destroy(new Error('time is up'));
      }, ms).unref();
    };
    deadline(this.#ctx.timeouts.connect);
    outgoing.once('socket', socket =>
      socket.once(dialer.readyEvent, () => {
        sent = true;
        deadline(shorter(this.#ctx.timeouts.responseHead, this.#journey.tryTimeout ?? 0));
      }),
    );
    outgoing.on('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(this.#timer);
      // An answer that has begun tells of its end by itself.
      if (this.#over || this.#status !== undefined) return;
      const code = sent ? codeOf(cause, late) : 'connect_failed';
      const request = { method: this.#req.method ?? '', isBodyLost: false };
      this.#journey.goOn({ target, code, sent, reused: false }, request, dialer.explain(cause));
    });
    outgoing.once('response', response => this.#declined(response));
    outgoing.prependOnceListener('upgrade', (response, upstream: Socket) => this.#agreed(response, upstream));
    // http-proxy would close the client's connection at once, and lose what the client has not read yet.
    outgoing.once('upgrade', (_, upstream: Socket) =>
      upstream.removeAllListeners('error').on('error', ignore),
    );
  }

  /** Has http-proxy send the request, and takes from it whatever may happen before both sides have agreed. */
  #ask({ instance, speech }: Target, dialer: Dialer, path: string, fields: Fields): ClientRequest {
    let outgoing: ClientRequest | undefined;
    this.#tunnels.once('proxyReqWs', request => {
      outgoing = request;
      // Left to itself it would merge slashes, escape characters and shuffle headers.
      request.path = path;
      for (const name of request.getHeaderNames()) request.removeHeader(name);
      for (const [name, value] of Object.entries(fields)) request.setHeader(name, value);
    });
    // It carries `websocket` by GET alone and goes by this; what is sent is told above.
    this.#req.headers = { upgrade: 'websocket' };
    this.#tunnels.ws(this.#req, this.#socket, NOTHING, {
      target: { protocol: 'http:', host: instance.address, port: instance.port },
      ...(speech === undefined ? {} : { agent: new OneConnection(dialer) }),
    });
    if (outgoing === undefined) throw new Error('http-proxy did not take the request');
    // It would end the client's connection at the first failure, and pass a refusal on without its framing.
    outgoing.removeAllListeners('error').removeAllListeners('response');
    return outgoing;
  }

  #agreed(response: IncomingMessage, upstream: Socket): void {
    clearTimeout(this.#timer);
    const head = headOf(response, 101);
    this.#journey.responded(head);
    this.#status = 101;
    this.#socket.off('readable', this.#lookForEnd);
    this.#before = bytesOf(this.#socket);
    this.#journey.stampResponse(head);
    const { upgrade = '' } = response.headers;
    // http-proxy writes the 101 from these.
    const fields = [...fieldsOf(head.lines), 'Connection', 'Upgrade', 'Upgrade', upgrade];
    response.headers = byName(fields) as typeof response.headers;
    this.#tunnel = new Tunnel(this.#socket, upstream, this.#ctx.timeouts);
  }

  /** The upstream answers without changing the protocol: an answer like any other, the connection's last. */
  #declined(response: IncomingMessage): void {
    clearTimeout(this.#timer);
    const status = response.statusCode ?? 0;
    const head = headOf(response, status);
    this.#journey.responded(head);
    if (hasLostCoding(head)) {
      this.#journey.endAttempt({ error: 'bad_response' });
      response.destroy();
      this.fail('bad_response');
      return;
    }
    this.#status = status;
    this.#before = bytesOf(this.#socket);
    this.#journey.stampResponse(head);
    this.#socket.write(rawHead(status, `${head.lines}Connection: close\r\n`), 'latin1');
    response.pipe(this.#socket);
    response.once('error', () => {
      this.#error = 'upstream_reset';
      this.#cut = true;
      cutOff(this.#socket);
    });
    response.once('end', () => closeAfter(this.#socket, this.#ctx.timeouts.linger));
  }

  fail(code: ErrorCode, cause?: unknown): void {
    if (this.#over) return;
    if (cause !== undefined) this.#journey.logCause(code, cause);
    this.#error = code;
    const own = problem(code, this.#journey.intake.requestId, this.#journey.limitFields);
    this.#answer(edited(own, this.#journey.responseEdit));
  }

  answer(answer: Answer): void {
    this.#answer(ruled(answer, this.#journey.intake.requestId));
  }

  #answer(answer: OwnAnswer): void {
    this.#status = answer.status;
    this.#finish();
    answerSocket(this.#socket, answer, this.#ctx.timeouts.linger);
  }

  /** Nobody reads the client before the upstream has agreed, and an end is only seen by reading. */
  readonly #lookForEnd = (): void => {
    if (this.#socket.readableLength === 0) this.#socket.read();
  };

  readonly #clientEnded = (): void => {
    if (this.#status === undefined) this.#socket.destroy();
    else if (this.#tunnel === undefined) closeAfter(this.#socket, this.#ctx.timeouts.linger);
  };

  clientLeft(): void {
    if (!this.#over) this.#finish();
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#outgoing?.destroy();
    this.#tunnel?.clientLeft();
    this.#connection.leave(this);
    const status = this.#status ?? CLIENT_LEFT;
    this.#journey.endAttempt(this.#status === undefined ? { clientLeft: true } : { status });
    const { read, written } = bytesOf(this.#socket);
    this.#journey.end({
      status,
      received: read - this.#before.read,
      sent: written - this.#before.written,
      error: this.#error,
      cut: this.#cut,
      upgraded: status === 101,
    });
  }
}

/** The connection of one request, as the dialer makes it. */
class OneConnection extends Agent {
  readonly #dialer: Dialer;

  constructor(dialer: Dialer) {
    super();
    this.#dialer = dialer;
  }

  override createConnection(): Socket {
    return this.#dialer.open();
  }
}

const headOf = ({ rawHeaders }: IncomingMessage, status: number): ResponseHead => {
  const lines = `${linesOf(rawHeaders)}\r\n`;
  return readResponseHead(status, lines, 0, lines.length);
};

/** Of two limits, where 0 is none. */
const shorter = (one: number, other: number): number =>
  one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other);

const bytesOf = ({ bytesRead, bytesWritten }: Socket) => ({ read: bytesRead, written: bytesWritten });

const NOTHING = Buffer.alloc(0);

/** What it breaks tells the end of the connection, and that is listened to. */
const ignore = (): void => {};

const codeOf = ({ code = '' }: NodeJS.ErrnoException, late: boolean): ErrorCode => {
  if (late) return 'upstream_timeout';
  return code.startsWith('HPE_') ? 'bad_response' : 'upstream_reset';
};
