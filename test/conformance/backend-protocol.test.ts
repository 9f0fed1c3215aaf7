import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { describe, it, type TestContext } from 'node:test';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { decide } from '../../src/core/decide/decide.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';
import { startH2 } from '../proxy/support/h2.ts';
import { startProxy } from '../proxy/support/proxy.ts';
import { rawExchange } from '../proxy/support/raw.ts';

/** A document's rule, and behind it a server that speaks HTTP/2 in the clear and nothing else. */
const start = async (t: TestContext, express: boolean) => {
  const backend = await startH2(t, (stream, headers) => {
    stream.respond({ ':status': 200, 'x-path': String(headers[':path']) });
    stream.end('hello');
  });
  const { rules } = buildSnapshot({
    catalog: catalogOf(
      instance({ service: 'infra', address: '127.0.0.1', port: backend.port, tags: ['proto=h2c'] }),
    ),
    weights: new Map(),
    documents: {
      rules: [
        {
          origin: { from: 'document', name: 'default/h2c', index: 0, place: 'test' },
          match: { kind: 'prefix', path: '/' },
          backends: [{ service: 'infra', weight: 1 }],
        },
      ],
      problems: [],
    },
    policy: 'passing-only',
    tagPrefix: '',
  });
  const table = compileRoutes(rules);
  const fleet = new Fleet();
  const { port } = await startProxy(t, [], {
    decide: (facts, now) => decide(table, facts, fleet, now, Math.random),
    fleet,
    express,
  });
  return { port, backend };
};

describe('HTTPRouteBackendProtocolH2C', () => {
  for (const express of [true, false]) {
    const lane = express ? 'express' : 'full';

    it(`a request in HTTP/1.1 reaches it, in the ${lane} lane`, async t => {
      const { port, backend } = await start(t, express);
      const answer = await rawExchange(t, port, 'GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      assert.match(answer, /^HTTP\/1\.1 200 .*\r\nx-path: \/a\r\n.*hello/s);
      assert.equal(backend.requests.length, 1);
    });
  }

  it('a request in HTTP/2 by prior knowledge reaches it', async t => {
    const { port, backend } = await start(t, true);
    const session = connect(`http://127.0.0.1:${port}`);
    t.after(() => session.destroy());
    const stream = session.request({ ':path': '/b' });
    const [headers] = await once(stream, 'response');
    assert.deepEqual([headers[':status'], headers['x-path']], [200, '/b']);
    const [piece] = await once(stream, 'data');
    assert.equal(String(piece), 'hello');
    assert.equal(backend.requests.length, 1);
  });
});
