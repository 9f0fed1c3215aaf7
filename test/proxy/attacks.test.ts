import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/wait.ts';
import { startProxy, VIA } from './support/proxy.ts';
import { fieldsOf, type RawUpstream, rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const upstreamAndProxy = async (t: TestContext): Promise<{ upstream: RawUpstream; port: number }> => {
  const upstream = await rawUpstream(t, socket => socket.write(OK));
  const { port } = await startProxy(t, upstream.port);
  return { upstream, port };
};

/** Requests that an upstream would see, were they passed on. */
const refused: readonly (readonly [attack: string, request: string, status: number])[] = [
  [
    'CL.TE: Content-Length and Transfer-Encoding disagree',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
    400,
  ],
  [
    'TE.CL: the same, the other way round',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n8\r\nSMUGGLED\r\n0\r\n\r\n',
    400,
  ],
  [
    'TE.TE: a coding list that parsers read differently',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'TE.TE: two Transfer-Encoding fields',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'TE.TE: an unknown coding',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'TE.TE: a vertical tab before the coding',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'Transfer-Encoding from HTTP/1.0',
    'POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'CL.CL: two lengths',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello',
    400,
  ],
  ['CL.CL: a list of lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello', 400],
  ['a signed length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello', 400],
  ['two Host fields', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['two equal Host fields', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
  ['obs-fold', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\n\r\n', 400],
  [
    'a bare line feed in a chunk size',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\n\r\n',
    400,
  ],
  ['a control character in a value', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n', 400],
  ['HTTP/2.0 in the clear', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n', 400],
  [
    'HTTP/0.9 with a coding',
    'POST / HTTP/0.9\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['user info in Host', 'GET / HTTP/1.1\r\nHost: admin@x\r\n\r\n', 400],
  ['climbing out of the root', 'GET /a/../../etc HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['climbing in disguise', 'GET /%2e%2e/etc HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['TRACE: cross-site tracing', 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n', 501],
  ['RTSP in the place of HTTP', 'ANNOUNCE / RTSP/1.0\r\nHost: x\r\n\r\n', 400],
  ['an escaped NUL in the path', 'GET /admin%00.html HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['CONNECT through a gateway', 'CONNECT inner:22 HTTP/1.1\r\nHost: inner:22\r\n\r\n', 400],
  ['a preface of HTTP/2 that goes wrong', 'PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n', 400],
  ['a loop', `GET / HTTP/1.1\r\nHost: x\r\nVia: 1.1 edge, 1.1 ${VIA} (sluice)\r\n\r\n`, 508],
];

describe('attacks that are refused and reach nobody', () => {
  for (const [attack, request, status] of refused) {
    it(attack, async t => {
      const { upstream, port } = await upstreamAndProxy(t);
      const client = await rawClient(t, port);
      client.send(request);
      const answer = await client.until(/^HTTP\/1\.1 \d+ [\s\S]*\r\n\r\n[\s\S]*}/);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.deepEqual(fieldsOf(answer)['content-type'], ['application/problem+json']);
      // At most the head of a request whose body turned out malformed, and never a second request.
      const seen = upstream.connections.map(c => c.text).join('');
      assert.ok((seen.match(/HTTP\/1\.1\r\n/g) ?? []).length <= 1, seen);
      assert.doesNotMatch(seen, /SMUGGLED/);
    });
  }
});

describe('requests sent ahead of their answers', () => {
  const next = 'DELETE /next HTTP/1.1\r\nHost: x\r\n\r\n';
  const last: readonly (readonly [what: string, request: string])[] = [
    ['a malformed request', 'GET /../x HTTP/1.1\r\nHost: x\r\n\r\n'],
    [
      'an empty Transfer-Encoding, whose body others may frame in another way',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n',
    ],
    [
      'a malformed request and bytes that are none',
      'POST / HTTP/1.1\r\nHost: \r\nContent-Length: 3\r\n\r\nabcde',
    ],
    [
      'a refused one with Upgrade and a body',
      'PUT / HTTP/1.1\r\nHost: x,y\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nabcde',
    ],
    ['the last one by its own word', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ];
  for (const [what, request] of last) {
    it(`what follows ${what} is not carried out`, async t => {
      const { upstream, port } = await upstreamAndProxy(t);
      const answers = await rawExchange(t, port, request + next);
      assert.doesNotMatch(upstream.connections.map(c => c.text).join(''), /next/);
      assert.equal(answers.match(/^HTTP\/1\.1 /gm)?.length, 1);
    });
  }

  for (const express of [true, false]) {
    it(`bytes that are no request cost those before them nothing (${express ? 'express' : 'full'} lane)`, async t => {
      const upstream = await rawUpstream(t, socket => socket.write(OK));
      const { port } = await startProxy(t, upstream.port, { express });
      const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
      const answer = await rawExchange(t, port, `${get}${get}0\r\n\r\n`);
      assert.deepEqual(answer.match(/(?<=HTTP\/1\.1 )\d+/g), ['200', '200', '400']);
    });

    it(`a broken body behind other requests is refused in its turn (${express ? 'express' : 'full'} lane)`, async t => {
      const upstream = await rawUpstream(t, socket => socket.write(OK));
      const { port } = await startProxy(t, upstream.port, { express });
      const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
      const post = 'POST /broken HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
      const answer = await rawExchange(t, port, get + post);
      assert.deepEqual(answer.match(/(?<=HTTP\/1\.1 )\d+/g), ['200', '400']);
      assert.doesNotMatch(upstream.connections.map(c => c.text).join(''), /broken/);
    });
  }

  it('are carried out one after the other: none overtakes one that changes something', async t => {
    const heads: string[] = [];
    const upstream = await rawUpstream(t, (socket, head) => {
      heads.push(`${head.split(' ', 2).join(' ')} begins`);
      setTimeout(() => {
        heads.push(`${head.split(' ', 2).join(' ')} ends`);
        socket.write(OK);
      }, 10);
    });
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('PUT /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi'.concat(next));
    await client.until(/ok[\s\S]*ok/);
    assert.deepEqual(heads, ['PUT /1 begins', 'PUT /1 ends', 'DELETE /next begins', 'DELETE /next ends']);
  });

  it('a flood of them is cut off', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, proxy, observed } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400_000));
    await client.untilOver();
    await eventually(() => proxy.figures().connections === 0, { within: 2_000, hint: 'the end' });
    assert.equal(proxy.figures().requests, 0);
    assert.equal(upstream.connections.length, 1);
    assert.ok(observed.length < 5_000, `${observed.length} requests were taken in`);
  });

  it('as many as an eager client sends are all answered', async t => {
    const { port } = await upstreamAndProxy(t);
    const client = await rawClient(t, port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
    await client.until(text => text.split('\r\n\r\nok').length === 201);
  });
});

describe('attacks that come through harmless', () => {
  it('chunked DELETE smuggling: the body stays the body of its request', async t => {
    const { upstream, port } = await upstreamAndProxy(t);
    const smuggled = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n';
    await rawExchange(
      t,
      port,
      `DELETE /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    const [first] = upstream.connections;
    assert.equal(upstream.connections.length, 1);
    const fields = fieldsOf(first?.text ?? '');
    assert.ok(fields['transfer-encoding'] !== undefined || fields['content-length'] !== undefined);
  });

  it('GET with a body: framed for the upstream as for us', async t => {
    const { upstream, port } = await upstreamAndProxy(t);
    await rawExchange(
      t,
      port,
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nGET ',
    );
    assert.deepEqual(fieldsOf(upstream.connections[0]?.text ?? '')['content-length'], ['4']);
  });

  it('hop-by-hop abuse: Connection cannot remove what this hop says', async t => {
    const { upstream, port } = await upstreamAndProxy(t);
    await rawExchange(
      t,
      port,
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: close, X-Forwarded-For, Forwarded, X-Request-Id, Host, Via\r\n\r\n',
    );
    const fields = fieldsOf(upstream.connections[0]?.text ?? '');
    for (const name of ['x-forwarded-for', 'forwarded', 'x-request-id', 'host', 'via']) {
      assert.equal(fields[name]?.length, 1, name);
    }
  });

  it('look-alikes: a field that CGI would read as one of this hop is not passed on', async t => {
    const { upstream, port } = await upstreamAndProxy(t);
    await rawExchange(
      t,
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\nContent_Length: 9\r\n' +
        'Transfer_Encoding: chunked\r\nX-Forwarded_For: 6.6.6.6\r\nmy_own: kept\r\n\r\nhi',
    );
    const names = Object.keys(fieldsOf(upstream.connections[0]?.text ?? ''));
    assert.deepEqual(
      names.filter(name => name.includes('_')),
      ['my_own'],
    );
  });

  it('a flood of interim responses does not pile up for a client that does not take them', async t => {
    const hint = `HTTP/1.1 103 Early Hints\r\nLink: <${'x'.repeat(1_000)}>\r\n\r\n`;
    const upstream = await rawUpstream(t, socket => {
      socket.write(hint.repeat(60_000), () => socket.write(OK));
    });
    const { port, observed } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await eventually(() => observed[0]?.attempts[0]?.end, { within: 10_000, hint: 'the answer' });
    client.socket.resume();
    const answer = await client.untilOver();
    assert.match(answer, /ok$/);
    // What the kernel holds for the two, of 60 MB.
    assert.ok(answer.length < 30e6, `${answer.length} bytes had waited`);
  });

  it('a status that is none is not passed on, as an interim response neither', async t => {
    const upstream = await rawUpstream(t, socket => socket.end('HTTP/1.1 000 Odd\r\nX-A: b\r\n\r\nok'));
    const { port } = await startProxy(t, upstream.port);
    const answer = await rawExchange(t, port, 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 502 /);
  });

  it('response splitting: a line break in a value cannot leave the upstream', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nX-A: a\rX-B: b\r\nContent-Length: 0\r\n\r\n'),
    );
    const { port } = await startProxy(t, upstream.port);
    const answer = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 502 /);
  });

  it('response queue poisoning: bytes after an answer are not the next answer', async t => {
    const upstream = await rawUpstream(t, (socket, _, seen) => {
      socket.write(seen === 0 ? `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil` : OK);
    });
    const { port } = await startProxy(t, upstream.port);
    for (let i = 0; i < 3; i++) {
      const answer = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      assert.match(answer, /\r\n\r\nok$/);
    }
  });
});

it('response queue poisoning by a late body: a connection whose 204 announces one is not used again', async t => {
  const upstream = await rawUpstream(t, (socket, _, seen) => {
    socket.write(seen === 0 ? 'HTTP/1.1 204 No Content\r\nContent-Length: 40\r\n\r\n' : OK);
  });
  const { port } = await startProxy(t, upstream.port);
  for (const status of [204, 200]) {
    const answer = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
  }
  assert.equal(upstream.connections.length, 2);
});

describe('a value that looks like framing', () => {
  it('a tracestate that reads `Transfer-Encoding: chunked` does not have a body chunked under its length', async t => {
    const upstream = await rawUpstream(t, socket => socket.write(OK));
    const traceHeaders = ['tracestate', 'a=Transfer-Encoding: chunked'];
    const { port } = await startProxy(t, upstream.port, { traceHeaders });
    const client = await rawClient(t, port);
    const body = 'x'.repeat(20_000);
    client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await client.until(/ok$/);
    await eventually(() => upstream.connections[0]?.text.endsWith(`\r\n\r\n${body}`), {
      within: 2_000,
      hint: () => `the body as it was sent: ${upstream.connections[0]?.text.slice(0, 700)}`,
    });
  });
});
