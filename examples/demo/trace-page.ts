import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOtlpReceiver } from '../../test/support/otlp-receiver.ts';
import { type Trace, Traces, traceTree } from './traces.ts';

export interface TracePage {
  close(): Promise<void>;
}

/** A trace needs a second or two to come in from every process. */
const PATIENCE = 6_000;
const LOOK_EVERY = 100;

/**
 * A small OTLP receiver, and a page for curl: `/trace` is the newest trace, `/trace/v2` the newest through that
 * version, `/trace/ID` one of your own.
 *
 * @param page where the page listens, @param otlp where spans are received; each `host:port`
 */
export const openTracePage = async (page: string, otlp: string): Promise<TracePage> => {
  const receiver = await startOtlpReceiver(portOf(otlp));
  const traces = new Traces();
  const taking = setInterval(() => {
    traces.add(receiver.spans(), performance.now());
    receiver.clear();
  }, LOOK_EVERY);

  const closing = new AbortController();
  const find = async (which: string | undefined): Promise<Trace | undefined> => {
    const isId = /^[0-9a-f]{32}$/.test(which ?? '');
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const now = performance.now();
      const trace = isId ? traces.get(which ?? '', now) : traces.newest(now, which);
      if (trace !== undefined || now > deadline || closing.signal.aborted) return trace;
      await sleep(LOOK_EVERY);
    }
  };

  const server = createServer(async (request, response) => {
    const path = /^\/trace(?:\/([\w.-]+))?$/.exec(request.url ?? '');
    const trace = path === null ? undefined : await find(path[1]);
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    if (trace !== undefined) response.end(traceTree(trace));
    else response.writeHead(404).end(path === null ? 'Try /trace.\n' : 'No such trace, or not whole yet.\n');
  });
  server.listen(portOf(page), '127.0.0.1');
  await once(server, 'listening');

  return {
    close: async () => {
      clearInterval(taking);
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, receiver.stop()]);
    },
  };
};

const portOf = (address: string): number => Number(address.split(':')[1]);
