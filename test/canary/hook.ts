import type { IncomingHttpHeaders } from 'node:http';
import type { TestContext } from 'node:test';
import type { HookMessage } from '../../src/canary/hook-message.ts';
import { startService } from '../support/service.ts';

export interface Heard {
  headers: IncomingHttpHeaders;
  body: HookMessage;
}

/** A webhook that answers these one after the other, the last one for ever; 0 is no answer. */
export const hook = async (t: TestContext, ...answers: [status: number, text?: string][]) => {
  const heard: Heard[] = [];
  const service = await startService(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    heard.push({ headers: req.headers, body: JSON.parse(Buffer.concat(chunks).toString()) as HookMessage });
    const [status, text] = answers[Math.min(heard.length, answers.length) - 1] ?? [0];
    if (status === 0) return;
    res.statusCode = status;
    res.end(text);
  });
  t.after(service.stop);
  return { url: service.url, heard };
};
