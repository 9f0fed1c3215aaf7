import { once } from 'node:events';
import type { Socket } from 'node:net';
import { cutOff } from '../../../src/proxy/respond.ts';

export interface Plan {
  /** What the client sends once it has asked, and what the server sends once it has agreed. */
  readonly up: Buffer;
  readonly down: Buffer;
  /** Where each is cut: every piece is written in a turn of its own. */
  readonly upCuts: readonly number[];
  readonly downCuts: readonly number[];
  /** The first piece travels with the request, or with the 101. */
  readonly isClientEager: boolean;
  readonly isServerEager: boolean;
  /** Who does not read before the other side has been stopped, or has sent everything. */
  readonly slow: 'client' | 'server' | 'nobody';
  readonly ending: Ending;
}

/** `… first`: the other side sends only once it has seen the end, on a connection that is half closed by then. */
export type Ending =
  | 'both at once'
  | 'when all has come'
  | 'client first'
  | 'server first'
  | 'client resets'
  | 'server resets';

/**
 * The same, but that nobody ends a side while something may be on its way there: Node's TLS drops what comes in just then
 * (it calls SSL_shutdown twice, and the second call reads), and TLS 1.2 has no half-closed connections anyway.
 */
export const gently = (plan: Plan): Plan => ({
  ...plan,
  isServerEager: plan.isServerEager && plan.ending !== 'client first',
  isClientEager: plan.isClientEager && plan.ending !== 'server first',
  ending: plan.ending === 'both at once' ? 'when all has come' : plan.ending,
});

/** What became of a connection at one end. */
export interface Side {
  readonly received: Buffer[];
  end: 'open' | 'ended' | 'reset';
}

export const REQUEST = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;

export const AGREED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

const EMPTY = Buffer.alloc(0);

const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const ends = [...new Set([...places.map(place => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
};

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

const send = async (socket: Socket, pieces: readonly Buffer[]): Promise<void> => {
  for (const piece of pieces) {
    if (piece.length > 0) socket.write(piece);
    await turn();
  }
};

/** Keeps what comes, and how it ends. */
const listen = (socket: Socket, side: Side): void => {
  socket
    .on('data', (bytes: Buffer) => side.received.push(bytes))
    .on('end', () => {
      if (side.end === 'open') side.end = 'ended';
    })
    .on('error', () => {
      side.end = 'reset';
    })
    .on('close', () => {
      if (side.end === 'open') side.end = 'reset';
    });
};

const ended = (socket: Socket): Promise<unknown> =>
  new Promise(resolve => socket.once('end', resolve).once('close', resolve).once('error', resolve));

/** @returns once so many bytes have come behind a head that ends with an empty line; at once where there is none */
const allHasCome = async (
  socket: Socket,
  { received }: Side,
  hasHead: boolean,
  count: number,
): Promise<void> => {
  const isThere = (): boolean => {
    const bytes = Buffer.concat(received);
    return bytes.length >= count + (hasHead ? bytes.indexOf('\r\n\r\n') + 4 : 0);
  };
  while (!socket.destroyed && !isThere()) await once(socket, 'data');
};

/** The client's part. @returns once it has said everything and ended its side */
export const playClient = async (socket: Socket, path: string, plan: Plan, seen: Side): Promise<void> => {
  const { up, upCuts, isClientEager, slow, ending } = plan;
  listen(socket, seen);
  const pieces = cut(up, upCuts);
  const first = isClientEager ? (pieces.shift() ?? EMPTY) : EMPTY;
  const agreed = new Promise(resolve => socket.once('data', resolve).once('close', resolve));
  const overToo = ended(socket);
  socket.write(Buffer.concat([Buffer.from(REQUEST(path)), first]));
  await agreed;
  if (slow === 'client') socket.pause();
  if (ending === 'server first') {
    socket.resume();
    await overToo;
  }
  await send(socket, pieces);
  if (slow === 'client') socket.resume();
  if (ending === 'when all has come') await allHasCome(socket, seen, true, plan.down.length);
  if (ending === 'client resets') cutOff(socket);
  else socket.end();
};

/** The server's part, from the end of the request's head on. */
export const playServer = async (socket: Socket, plan: Plan, seen: Side): Promise<void> => {
  const { down, downCuts, isServerEager, slow, ending } = plan;
  const pieces = cut(down, downCuts);
  const first = isServerEager ? (pieces.shift() ?? EMPTY) : EMPTY;
  listen(socket, seen);
  const overToo = ended(socket);
  socket.write(Buffer.concat([Buffer.from(AGREED), first]));
  if (slow === 'server') socket.pause();
  if (ending === 'client first') {
    socket.resume();
    await overToo;
  }
  await send(socket, pieces);
  if (slow === 'server') socket.resume();
  if (ending === 'when all has come') await allHasCome(socket, seen, false, plan.up.length);
  if (ending === 'server resets') cutOff(socket);
  else socket.end();
};
