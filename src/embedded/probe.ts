import { connect } from 'node:net';
import { Agent, type Dispatcher, interceptors, request } from 'undici';
import { readHostPort } from '../core/values.ts';
import type { Clock } from './clock.ts';
import type { CheckStatus } from './rows.ts';
import type { Report } from './ttl.ts';

export interface Verdict {
  readonly status: CheckStatus;
  readonly output: string;
}

/** Looks once. Settles within its own timeout, or soon after the signal; never rejects. */
export type Probe = (stopped: AbortSignal) => Promise<Verdict>;

/** Looks at once, then again `intervalMs` after each verdict, until stopped. */
export const startProbing = (
  probe: Probe,
  intervalMs: number,
  clock: Clock,
  report: Report,
): { stop(): void } => {
  const stopping = new AbortController();
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const { status, output } = await probe(stopping.signal);
    if (stopping.signal.aborted) return;
    cancel = clock.after(intervalMs, () => void look());
    report(status, output);
  };
  void look();
  return {
    stop: () => {
      stopping.abort();
      cancel();
    },
  };
};

export interface HttpTarget {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly skipTlsVerify: boolean;
}

/** Consul keeps so much of an answer as the check's output. */
const MAX_OUTPUT = 4096;

/** 2xx passes, 429 warns, anything else (no answer included) is critical; redirects are followed. */
export const httpProbe =
  (target: HttpTarget): Probe =>
  async stopped => {
    const agent = new Agent({
      // A probe asks whether the service takes a new connection: none is kept.
      pipelining: 0,
      connect: { rejectUnauthorized: !target.skipTlsVerify },
    });
    try {
      const { statusCode, body } = await request(target.url, {
        method: target.method as Dispatcher.HttpMethod,
        headers: {
          'user-agent': 'Consul Health Check',
          accept: 'text/plain, text/*, */*',
          ...copy(target.headers),
        },
        body: target.body === '' ? null : target.body,
        dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 10 })),
        signal: AbortSignal.any([stopped, AbortSignal.timeout(target.timeoutMs)]),
      });
      const output = await beginningOf(body);
      return {
        status: judge(statusCode),
        output: `HTTP ${target.method} ${target.url}: ${statusCode} Output: ${output}`,
      };
    } catch (error) {
      return { status: 'critical', output: `${target.method} ${target.url}: ${reason(error)}` };
    } finally {
      void agent.destroy();
    }
  };

const judge = (code: number): CheckStatus => {
  if (code >= 200 && code < 300) return 'passing';
  return code === 429 ? 'warning' : 'critical';
};

const copy = (headers: HttpTarget['headers']): Record<string, string[]> =>
  Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), [...values]]));

const beginningOf = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_OUTPUT) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_OUTPUT).toString('utf8');
};

/** Passes when a connection can be made. */
export const tcpProbe =
  (address: string, timeoutMs: number): Probe =>
  stopped =>
    new Promise(resolve => {
      const target = readHostPort(address);
      if (target === undefined || target.port === 0) {
        resolve({ status: 'critical', output: `dial tcp: address ${address}: missing or bad port` });
        return;
      }
      const socket = connect({
        ...target,
        signal: AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)]),
      });
      const settle = (verdict: Verdict): void => {
        socket.destroy();
        resolve(verdict);
      };
      socket.once('connect', () => settle({ status: 'passing', output: `TCP connect ${address}: Success` }));
      socket.once('error', error =>
        settle({ status: 'critical', output: `dial tcp ${address}: ${reason(error)}` }),
      );
    });

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
