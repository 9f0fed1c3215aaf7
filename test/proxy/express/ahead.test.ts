import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { Connection } from '../../../src/proxy/connection.ts';
import { createContext } from '../../../src/proxy/context.ts';
import { Inlet } from '../../../src/proxy/express/inlet.ts';
import { ExpressLane } from '../../../src/proxy/express/lane.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { eventually } from '../../support/wait.ts';
import { decisionFor, recorder, VIA } from '../support/proxy.ts';
import { listenOn, portOf, rawClient, rawUpstream } from '../support/raw.ts';

/** A lane of its own for each connection. @returns what it has handed over */
const lanes = (t: TestContext, upstreamPort: number): { take(accepted: Socket): Socket; left: string[] } => {
  const left: string[] = [];
  const ctx = createContext({
    decide: ({ path }) => decisionFor(path, upstreamPort),
    via: VIA,
    observer: recorder([], []),
    fleet: new Fleet(),
    log: silentLog,
  });
  t.after(() => ctx.upstreams.close());
  return {
    left,
    take: accepted => {
      const inlet = new Inlet(accepted);
      t.after(() => inlet.socket.destroy());
      new ExpressLane(ctx, new Connection(inlet.socket), inlet, (_, bytes) => left.push(bytes.toString()));
      return inlet.socket;
    },
  };
};

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('what comes while an answer is due', () => {
  for (const [what, ahead, left] of [
    ['one plain request is served in the express lane', get('/2'), []],
    ['two leave it', get('/2') + get('/3'), [get('/2') + get('/3')]],
    ['one that is not all there leaves it', 'GET /2', ['GET /2']],
    ['one that is not plain leaves it', 'TRACE / HTTP/1.1\r\n\r\n', ['TRACE / HTTP/1.1\r\n\r\n']],
  ] as const) {
    it(what, async t => {
      let answer: (() => void) | undefined;
      const upstream = await rawUpstream(t, (socket, _, seen) => {
        if (seen === 0) answer = () => void socket.write(OK);
        else socket.write(OK);
      });
      const { take, left: handedOver } = lanes(t, upstream.port);
      let socket: Socket | undefined;
      const server = createServer({ allowHalfOpen: true }, accepted => {
        socket = take(accepted);
      });
      await listenOn(server);
      t.after(() => server.close());
      const client = await rawClient(t, portOf(server));
      client.send(get('/1'));
      await eventually(() => answer !== undefined, { within: 2_000, hint: 'the first request' });
      client.send(ahead);
      await eventually(() => socket?.isPaused(), { within: 2_000, hint: 'what comes ahead is read' });
      answer?.();
      await client.until(text => text.split('ok').length - 1 === (left.length === 0 ? 2 : 1));
      await eventually(() => handedOver.length === left.length, { within: 2_000, hint: 'what is left' });
      assert.deepEqual(handedOver, left);
    });
  }
});
