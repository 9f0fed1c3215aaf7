import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SMALL_GET } from '../../bench/cases.ts';
import { AnswerReader } from '../../bench/load/answer-reader.ts';
import { atRate } from '../../bench/load/drive.ts';
import { httpLanes } from '../../bench/load/http-lane.ts';
import { readFigures } from '../../bench/load/wrk.ts';
import { startService } from '../support/service.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';

describe('an answer is good when it is 2xx and whole', () => {
  const table: [string, string[], string[]][] = [
    ['in one piece', [`${OK}hello`], ['good']],
    [
      'in many',
      ['HTTP/1.1 2', '00 OK\r\ncontent-length:5\r', '\n\r\nhel', 'lo'],
      ['more', 'more', 'more', 'good'],
    ],
    ['another status', ['HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nhello'], ['bad']],
    ['another length', ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell'], ['bad']],
    ['no length', ['HTTP/1.1 200 OK\r\n\r\nhello'], ['bad']],
    ['more than it said', [`${OK}hello!`], ['bad']],
  ];
  for (const [name, chunks, expected] of table) {
    it(name, () => {
      const reader = new AnswerReader(5);
      reader.next();
      assert.deepEqual(
        chunks.map(chunk => reader.take(Buffer.from(chunk))),
        expected,
      );
    });
  }
});

describe('the open loop', () => {
  const load = { ...SMALL_GET, answerBytes: 2, connections: 2 };

  it('charges a stall to every request that was due meanwhile', async () => {
    let served = 0;
    const service = await startService((_request, response) => {
      served += 1;
      // Both connections: nothing can be sent until they are free again.
      if (served === 21 || served === 22) setTimeout(() => response.end('ok'), 300);
      else response.end('ok');
    });
    const latency = await atRate(httpLanes(service.port, load), load.connections, 200, 0, 0.5);
    await service.stop();
    assert.equal(latency.done, 100);
    assert.equal(latency.bad + latency.missed, 0);
    // A loop that sends only after an answer would have seen two slow ones of a hundred; here half were due.
    assert.ok(latency.p50 > 20, `p50 ${latency.p50}`);
    assert.ok(latency.p99 > 250, `p99 ${latency.p99}`);
  });

  it('a new connection for each, and answers that are bad are told', async () => {
    let connections = 0;
    const service = await startService((request, response) => {
      if (request.socket.bytesRead < 1_000) connections += 1;
      response.statusCode = connections % 2 === 0 ? 500 : 200;
      response.end('ok');
    });
    const latency = await atRate(httpLanes(service.port, { ...load, fresh: true }), 2, 200, 0.05, 0.2);
    await service.stop();
    assert.equal(connections, 50);
    assert.equal(latency.bad, 25);
  });
});

describe("wrk's words", () => {
  it('its figures, whatever else it says', () =>
    assert.deepEqual(readFigures('Running …\n  1 threads\n\n{"requests":500,"micros":250000,"bad":3}\n'), {
      done: 500,
      seconds: 0.25,
      bad: 3,
    }));
  it('without them it failed', () =>
    assert.throws(() => readFigures('unable to connect'), /it said: unable to connect/));
});
