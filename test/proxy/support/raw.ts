import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { endWithUs, mortal } from '../../support/child.ts';
import { eventually } from '../../support/wait.ts';

/** A client that writes what it is told and keeps what comes back, byte for byte (latin1). */
export interface RawClient {
  readonly socket: Socket;
  /** Everything received so far. */
  readonly received: () => string;
  /** Whether the other side ended the connection in an orderly way, reset it, or neither yet. */
  readonly end: () => 'open' | 'ended' | 'reset';
  send(text: string): void;
  /** Waits until the received text fits, and gives it. */
  until(pattern: RegExp | ((text: string) => boolean)): Promise<string>;
  /** Waits until the connection is over, and gives everything received. */
  untilOver(): Promise<string>;
}

const WITHIN = 5_000;

/** @param localAddress whom the other side takes it for, where that matters */
export const rawClient = async (
  t: TestContext,
  port: number,
  localAddress = '127.0.0.1',
): Promise<RawClient> => {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  t.after(() => socket.destroy());
  let text = '';
  let end: ReturnType<RawClient['end']> = 'open';
  socket.setEncoding('latin1');
  socket.on('data', chunk => {
    text += chunk;
  });
  socket.on('end', () => {
    end = 'ended';
  });
  socket.on('error', () => {
    end = 'reset';
  });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return {
    socket,
    received: () => text,
    end: () => end,
    send: bytes => socket.write(bytes, 'latin1'),
    until: async pattern => {
      const fits = typeof pattern === 'function' ? pattern : (t: string) => pattern.test(t);
      await eventually(() => fits(text), { within: WITHIN, hint: `${pattern} in ${JSON.stringify(text)}` });
      return text;
    },
    untilOver: async () => {
      await eventually(() => end !== 'open', {
        within: WITHIN,
        hint: `an end after ${JSON.stringify(text)}`,
      });
      return text;
    },
  };
};

/** One exchange: sends, waits for the connection's end, gives what came. */
export const rawExchange = async (t: TestContext, port: number, request: string): Promise<string> => {
  const client = await rawClient(t, port);
  client.send(request);
  return client.untilOver();
};

/** An upstream that follows a script where a real server would not misbehave on demand. */
export interface RawUpstream {
  readonly port: number;
  /** The text received on each connection, in the order of connecting. */
  readonly connections: readonly { readonly socket: Socket; text: string }[];
  close(): Promise<void>;
}

/**
 * @param onRequest called when the head of a request is there, with the number of requests seen before on all
 *   connections
 */
export const rawUpstream = async (
  t: TestContext,
  onRequest: (socket: Socket, head: string, seen: number) => void,
): Promise<RawUpstream> => {
  const connections: { socket: Socket; text: string }[] = [];
  let seen = 0;
  const server = createServer(socket => {
    const connection = { socket, text: '' };
    connections.push(connection);
    let unread = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (chunk: string) => {
      connection.text += chunk;
      unread += chunk;
      const end = unread.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = unread.slice(0, end + 4);
      unread = '';
      onRequest(socket, head, seen++);
    });
  });
  await listenOn(server);
  const close = (): Promise<void> =>
    new Promise(resolve => {
      for (const { socket } of connections) socket.destroy();
      server.close(() => resolve());
    });
  t.after(close);
  return { port: portOf(server), connections, close };
};

export const listenOn = (server: Server, port = 0, address = '127.0.0.1'): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve());
  });

export const portOf = (server: Server): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
};

/** A port on which nobody listens. */
export const deadPort = async (): Promise<number> => {
  const server = createServer();
  await listenOn(server);
  const port = portOf(server);
  await new Promise(resolve => server.close(resolve));
  return port;
};

/**
 * A port that takes no more connections, so that connecting hangs as it does to a host that is down: its
 * process is stopped and its backlog full.
 */
export const fullBacklog = async (t: TestContext): Promise<number> => {
  const code = `const s = require('node:net').createServer();
    s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port));`;
  const [file, ...args] = mortal([process.execPath, '-e', code]);
  const child = endWithUs(spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const waiting = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.after(async () => {
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  // The kernel answers what fits into the backlog and drops the rest.
  await eventually(() => waiting.filter(s => !s.connecting).length >= 2, {
    within: 2_000,
    hint: 'a full backlog',
  });
  return port;
};

/** `name: value` lines of a raw head, names in lower case, values of one name as a list. */
export const fieldsOf = (head: string): Record<string, string[]> => {
  const fields: Record<string, string[]> = {};
  for (const line of head.split('\r\n\r\n', 1).join('').split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    fields[name] = [...(fields[name] ?? []), line.slice(colon + 1).trim()];
  }
  return fields;
};
