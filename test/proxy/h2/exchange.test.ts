import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startHttp, startProxy } from '../support/proxy.ts';
import { startClient } from './support/client.ts';

describe('a request over HTTP/2', () => {
  it('reaches an HTTP/1.1 upstream and is answered', async t => {
    const { port: upstream } = await startHttp(t, (req, res) => {
      res.writeHead(201, { 'Set-Cookie': ['a=1', 'b=2'], 'X-Seen': JSON.stringify(req.headers) });
      res.end(`${req.method} ${req.url} HTTP/${req.httpVersion}`);
    });
    const { port, ended } = await startProxy(t, upstream);
    const client = await startClient(t, port);

    const { headers, body } = await client.ask({
      ':path': '/a?b=c',
      ':authority': 'shop.example',
      cookie: ['x=1', 'y=2'],
    });

    assert.equal(headers[':status'], 201);
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(body.toString(), 'GET /a?b=c HTTP/1.1');
    const seen = JSON.parse(`${headers['x-seen']}`);
    assert.equal(seen.host, 'shop.example');
    assert.equal(seen.cookie, 'x=1; y=2');
    assert.equal(seen.via, '2 sluice-under-test');
    const { start, end } = await ended();
    assert.equal(start.protocolVersion, '2');
    assert.equal(end.sent, body.length);
  });
});
