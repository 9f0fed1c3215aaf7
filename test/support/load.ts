import type { TestContext } from 'node:test';
import { Agent, request } from 'undici';

export interface LoadResult {
  /** Answers by status; `failed` counts requests that got none. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly requests: number;
  /** Milliseconds within which 99 of 100 answers were whole. */
  readonly p99: number;
  /** First few that were not 2xx, for the failure's message. */
  readonly bad: readonly string[];
}

export interface Load {
  /** How many so far. */
  sent(): number;
  /** Sends no more, waits for what is under way; the same result however often it is called. */
  stop(): Promise<LoadResult>;
}

/**
 * Requests at a steady rate, each sent when its time has come whether or not others were answered.
 *
 * @param owner ended at the latest with it: a failed test must not load on
 * @param url one for all, or by the number of the request
 */
export const startLoad = (
  owner: Pick<TestContext, 'after'>,
  url: string | ((n: number) => string),
  { perSecond, method = 'GET' }: { perSecond: number; method?: 'GET' | 'POST' },
): Load => {
  const agent = new Agent({ connections: 50, pipelining: 1 });
  const statuses: Record<string, number> = {};
  const bad: string[] = [];
  const took: number[] = [];
  const underWay = new Set<Promise<void>>();
  let requests = 0;

  const send = async (): Promise<void> => {
    requests += 1;
    const at = new Date().toISOString();
    const sent = performance.now();
    try {
      const answer = await request(typeof url === 'string' ? url : url(requests), {
        method,
        dispatcher: agent,
        ...(method === 'POST' ? { body: 'x' } : {}),
      });
      const text = await answer.body.text();
      took.push(performance.now() - sent);
      statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1;
      if (answer.statusCode >= 300 && bad.length < 5)
        bad.push(`${at} ${answer.statusCode} ${text.slice(0, 200)}`);
    } catch (error) {
      statuses.failed = (statuses.failed ?? 0) + 1;
      if (bad.length < 5) bad.push(`${at} ${String(error)}`);
    }
  };

  const began = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
    while (requests < due) {
      const work = send().finally(() => underWay.delete(work));
      underWay.add(work);
    }
  }, 5);

  const end = async (): Promise<LoadResult> => {
    clearInterval(timer);
    await Promise.all(underWay);
    await agent.close();
    const p99 = took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0;
    return { statuses, requests, p99: Math.round(p99), bad };
  };
  let ended: Promise<LoadResult> | undefined;
  const stop = (): Promise<LoadResult> => {
    ended ??= end();
    return ended;
  };
  owner.after(stop);
  return { sent: () => requests, stop };
};

/** Many requests one after the other on a few connections, counting what each answered. */
export const countAnswers = async (
  url: string,
  total: number,
  connections = 16,
): Promise<Map<string, number>> => {
  const agent = new Agent({ connections, pipelining: 1 });
  const counts = new Map<string, number>();
  let left = total;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const answer = await request(url, { dispatcher: agent });
      const text = await answer.body.text();
      const key = answer.statusCode === 200 ? text : String(answer.statusCode);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  await agent.close();
  return counts;
};
