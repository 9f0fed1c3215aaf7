import { once } from 'node:events';
import type { Socket } from 'node:net';
import { rulePath } from '../rule-path.ts';
import { AnswerReader } from './answer-reader.ts';
import { type Dial, dialler } from './dial.ts';
import type { Lane, OpenLane } from './lane.ts';
import type { Requests } from './load.ts';

/** HTTP/1.1 on raw sockets: what a general client would cost would be taken for the proxy's latency. */
export const httpLanes = (port: number, load: Requests): OpenLane => {
  const requests = pathsOf(load).map(path => requestBytes(load, path));
  return i => openHttpLane(dialler(port, load.tls), load, requests, i);
};

/** @param first which of the requests it begins with; the others follow in turn */
const openHttpLane = async (
  dial: Dial,
  load: Requests,
  requests: readonly Buffer[],
  first: number,
): Promise<Lane> => {
  const reader = new AnswerReader(load.answerBytes);
  let at = first % requests.length;
  let finish: ((good: boolean) => void) | undefined;
  let socket: Socket | undefined;

  const end = (good: boolean): void => {
    const done = finish;
    finish = undefined;
    if (load.fresh || !good) drop();
    done?.(good);
  };
  const drop = (): void => {
    socket?.destroy();
    socket = undefined;
  };
  const open = (): Socket => {
    const opened = dial.open();
    const ended = (): void => {
      if (socket !== opened) return;
      socket = undefined;
      end(false);
    };
    opened.on('data', chunk => {
      if (finish === undefined) return drop();
      const state = reader.take(chunk);
      if (state !== 'more') end(state === 'good');
    });
    opened.on('error', ended);
    opened.on('close', ended);
    socket = opened;
    return opened;
  };

  // Kept-alive connections are there before the clock starts.
  if (!load.fresh) await once(open(), dial.opened);
  return {
    send: done => {
      finish = done;
      reader.next();
      (socket ?? open()).write(requests[at] ?? '');
      at = (at + 1) % requests.length;
    },
    get isOpen() {
      return socket !== undefined;
    },
    close: drop,
  };
};

const pathsOf = ({ path, rules }: Requests): string[] =>
  rules > 1 ? Array.from({ length: rules }, (_, i) => rulePath(i)) : [path];

const requestBytes = ({ method, bodyBytes, fresh }: Requests, path: string): Buffer =>
  Buffer.from(
    [
      `${method} ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      ...(bodyBytes > 0 ? [`Content-Length: ${bodyBytes}`] : []),
      ...(fresh ? ['Connection: close'] : []),
      '',
      'x'.repeat(bodyBytes),
    ].join('\r\n'),
  );
