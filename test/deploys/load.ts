/**
 * Requests of every kind at a steady rate, from a process of its own so that whoever starts and ends instances does
 * not hold them up. Arguments: the URL below which to ask, requests a second. Each `report` message is answered with
 * what ended since the last; `stop` waits for what is under way, reports and ends.
 */
import { createHistogram } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import type { LoadReport } from './report.ts';

interface Kind {
  readonly name: string;
  /** Requests that draw less than this, and not less than the kind before. */
  readonly upTo: number;
  readonly method: Dispatcher.HttpMethod;
  readonly body?: () => string | Readable;
  readonly newConnection?: boolean;
}

const BODY = 'x'.repeat(500);

const KINDS: readonly Kind[] = [
  { name: 'GET', upTo: 0.45, method: 'GET' },
  { name: 'GET on a new connection', upTo: 0.55, method: 'GET', newConnection: true },
  { name: 'PUT', upTo: 0.65, method: 'PUT', body: () => BODY },
  { name: 'DELETE', upTo: 0.75, method: 'DELETE' },
  { name: 'POST', upTo: 0.85, method: 'POST', body: () => BODY },
  { name: 'POST on a new connection', upTo: 0.9, method: 'POST', body: () => BODY, newConnection: true },
  { name: 'chunked POST', upTo: 1, method: 'POST', body: () => Readable.from([BODY]) },
];

const [url = '', perSecond = '500'] = process.argv.slice(2);
const agent = new Agent({ connections: 64, pipelining: 1 });
const underWay = new Set<Promise<void>>();
const latency = createHistogram();
let report = emptyReport();
let requests = 0;

function emptyReport(): LoadReport {
  return { requests: 0, kinds: {}, failed: { idempotent: 0, other: 0 }, examples: [], p99: 0, worst: 0 };
}

/** Walks through the kinds in a fixed order, evenly mixed (the golden ratio's low discrepancy). */
const kindOf = (n: number): Kind => {
  const draw = (n * 0.6180339887) % 1;
  return KINDS.find(({ upTo }) => draw < upTo) ?? (KINDS[0] as Kind);
};

const send = async (n: number): Promise<void> => {
  const kind = kindOf(n);
  const { method, body, newConnection = false } = kind;
  const path = `/orders/${n}`;
  const began = performance.now();
  const failure = await ask(path, kind, {
    method,
    reset: newConnection,
    body: body?.() ?? null,
    dispatcher: agent,
  });
  latency.record(Math.max(1, Math.round((performance.now() - began) * 1_000)));
  report.requests += 1;
  report.kinds[kind.name] = (report.kinds[kind.name] ?? 0) + 1;
  if (failure === undefined) return;
  report.failed[method === 'POST' ? 'other' : 'idempotent'] += 1;
  if (report.examples.length < 10)
    report.examples.push(`${new Date().toISOString()} ${kind.name} ${path}: ${failure}`);
};

/** @returns what is wrong with the answer, if anything */
const ask = async (
  path: string,
  { method, body }: Kind,
  options: Parameters<typeof request>[1],
): Promise<string | undefined> => {
  try {
    const answer = await request(url + path, options);
    const text = await answer.body.text();
    const right = `${method} ${path} ${body === undefined ? 0 : BODY.length}`;
    return text === right ? undefined : `${answer.statusCode} ${text.slice(0, 200)}`;
  } catch (error) {
    return String(error);
  }
};

const began = performance.now();
const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - began) / 1_000) * Number(perSecond));
  for (; requests < due; requests += 1) {
    const work = send(requests).finally(() => underWay.delete(work));
    underWay.add(work);
  }
}, 4);

const tell = (): void => {
  process.send?.({ ...report, p99: latency.percentile(99) / 1_000, worst: latency.max / 1_000 });
  report = emptyReport();
  latency.reset();
};

process.on('message', async message => {
  if (message === 'stop') {
    clearInterval(timer);
    await Promise.all(underWay);
    await agent.close();
  }
  tell();
  if (message === 'stop') process.disconnect();
});
