import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ERRORS } from '../../src/core/errors.ts';
import { rawClient } from '../proxy/support/raw.ts';
import { startHop } from './support/hop.ts';
import { healthy, type Instance } from './support/instances.ts';
import { TIMEOUTS, WIRE_FAULTS, type WireFault } from './wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody';

/** How much later than its time-out an answer may come on a busy machine. */
const SLACK = 2_500;

/** What one caller gets of the instances, the first of them asked first. */
const call = async (
  t: TestContext,
  { after, within }: WireFault,
  request: string,
  instances: readonly Instance[],
) => {
  const ports = instances.map(({ port }) => port);
  const timeout = after ?? within;
  const timeouts = timeout === undefined ? {} : { [timeout]: TIMEOUTS[timeout] };
  const { port, ended, blamed } = await startHop(t, ports, timeouts);
  const client = await rawClient(t, port);
  const began = performance.now();
  client.send(request);
  await client.until(text => client.end() !== 'open' || /\r\n\r\n(?!HTTP)[\s\S]*(half|whole)/.test(text));
  for (const instance of instances) instance.goOn();
  const text = await client.untilOver();
  return { text, milliseconds: performance.now() - began, blamed, ...(await ended()) };
};

const assertSees = (
  { sees, after }: WireFault,
  { text, milliseconds }: { text: string; milliseconds: number },
): void => {
  if (sees === 'whole') assert.match(text, /HTTP\/1\.1 200 OK\r\n[\s\S]*whole(\r\n0\r\n\r\n)?$/);
  else if (sees === 'cut') assert.match(text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*half(\r\n)?$/);
  else if (typeof sees === 'number') assert.match(text, new RegExp(`^HTTP/1\\.1 ${sees} [\\s\\S]*its own$`));
  else {
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${ERRORS[sees].status} `));
    assert.equal(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).code, sees);
  }
  const least = after === undefined ? 0 : TIMEOUTS[after];
  assert.ok(milliseconds >= least * 0.9, `after ${milliseconds} ms`);
  assert.ok(milliseconds < least + SLACK, `after ${milliseconds} ms`);
};

describe('a fault between the gateway and an instance', { concurrency: 4 }, () => {
  for (const row of WIRE_FAULTS) {
    describe(row.fault, () => {
      it('is told to the caller where there is no other instance', async t => {
        const faulty = await row.instance(t);
        const seen = await call(t, row, GET, [faulty]);
        assertSees(row, seen);
        assert.equal(seen.attempts.length, 1);
      });

      for (const [name, request, again] of [
        ['idempotent', GET, row.again !== 'none'],
        ['not idempotent', POST, row.again === 'all'],
      ] as const) {
        it(`${again ? 'is retried' : 'is final'} where the request is ${name}, and blamed on ${row.isBlamed ? 'it' : 'nobody'}`, async t => {
          const faulty = await row.instance(t);
          const other = await healthy(t);
          const seen = await call(t, row, request, [faulty, other]);
          assertSees(again ? { ...row, sees: 'whole' } : row, seen);
          assert.equal(other.requests(), again ? 1 : 0);
          assert.ok(faulty.requests() <= 1);
          assert.deepEqual(seen.blamed, row.isBlamed ? [faulty.port] : []);
        });
      }
    });
  }
});
