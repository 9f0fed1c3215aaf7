/** The load of `npm run dial`, in a process of its own: does one job at a time for its parent (load.ts). */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Counter } from './census.ts';
import type { Counts, Job } from './load.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
const ANSWER = /^HTTP\/1\.1 200 .*\r\n\r\n(one|two)$/s;
const BAD = /^HTTP\/1\.1 (?!200)/;

/** A connection that asks again whenever it is told to. */
const openLane = async (
  port: number,
  onAnswer: (version: 'one' | 'two' | undefined) => void,
): Promise<{ send: () => void; close: () => void }> => {
  const socket: Socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  let text = '';
  socket.on('data', chunk => {
    text += chunk.toString('latin1');
    const version = ANSWER.exec(text)?.[1];
    if (version === undefined && !BAD.test(text)) return;
    text = '';
    onAnswer(version as 'one' | 'two' | undefined);
  });
  socket.on('error', () => {});
  return { send: () => socket.write(REQUEST), close: () => socket.destroy() };
};

/** As fast as they are answered, until there were so many; or so many a second, until told to end. */
const run = async ({ ports, connections, requests, rate }: Job, ended: Promise<unknown>): Promise<Counts> => {
  const all = new Counter();
  const each = ports.map(() => new Counter());
  let sent = 0;
  let done = (): void => {};
  const finished = new Promise<void>(resolve => {
    done = resolve;
  });
  const idle: (() => void)[] = [];
  const lanes = await Promise.all(
    Array.from({ length: connections }, async (_, i) => {
      const at = i % ports.length;
      const lane = await openLane(ports[at] as number, version => {
        all.add(version);
        each[at]?.add(version);
        if (rate !== undefined) idle.unshift(lane.send);
        else if (sent < requests) send(lane.send);
        else if (all.census.requests === sent) done();
      });
      return lane;
    }),
  );
  const send = (begin: () => void): void => {
    sent += 1;
    begin();
  };
  const began = performance.now();
  if (rate === undefined) {
    for (const lane of lanes) send(lane.send);
    await finished;
  } else {
    idle.push(...lanes.map(lane => lane.send));
    const timer = setInterval(() => {
      while (sent < ((performance.now() - began) * rate) / 1_000) {
        const next = idle.pop();
        if (next === undefined) return;
        send(next);
      }
    }, 1);
    await ended;
    clearInterval(timer);
  }
  const seconds = (performance.now() - began) / 1_000;
  for (const lane of lanes) lane.close();
  return { all: all.census, each: each.map(({ census }) => census), seconds };
};

process.on('message', (message: Job | 'end') => {
  if (message === 'end') return;
  const ended = new Promise(resolve => {
    process.on('message', next => next === 'end' && resolve(undefined));
  });
  run(message, ended).then(
    counts => process.send?.(counts),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
// Its parent is gone.
process.on('disconnect', () => process.exit(0));
