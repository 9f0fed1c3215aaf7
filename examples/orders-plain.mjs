// `orders` in plain Node, knowing nothing of Sluice. To run it on its own, beside `npx sluice dev`:
//
//   npx sluice-sidecar --service orders --version v2 --path /orders --port 3002 --health /healthz \
//     --admin 127.0.0.1:9901 -- node examples/orders-plain.mjs
//   curl http://127.0.0.1:8080/orders/1

import { createServer, get } from 'node:http';
import { json } from 'node:stream/consumers';

const { PORT = '3002', VERSION = 'v2', http_proxy = 'http://127.0.0.1:3128' } = process.env;

createServer(async (request, response) => {
  const [, service, id] = request.url.split('/');
  if (service === 'healthz') return reply(response, 200, { well: true });
  if (service !== 'orders') return reply(response, 404, { error: 'not found' });
  const { traceparent } = request.headers;
  try {
    const user = await findUser(id, traceparent);
    reply(response, 200, { order: id, version: VERSION, user, trace: traceparent?.split('-')[1] });
  } catch (error) {
    reply(response, 502, { error: `users: ${error.message}` });
  }
}).listen(Number(PORT), '127.0.0.1');

/** All that a trace asks of a program: the `traceparent` that came in goes out with the calls it causes. */
const findUser = (id, traceparent) =>
  new Promise((resolve, reject) => {
    // HTTP clients of most languages read `http_proxy` by themselves; Node's do only in its newest versions.
    const proxy = new URL(http_proxy);
    const call = get({
      host: proxy.hostname,
      port: proxy.port,
      path: `http://users.mesh/users/${id}`,
      headers: { host: 'users.mesh', ...(traceparent && { traceparent }) },
      timeout: 2_000,
    });
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', reject);
    call.on('response', answer => {
      if (answer.statusCode === 200) return json(answer).then(resolve, reject);
      answer.resume();
      reject(new Error(`answered ${answer.statusCode}`));
    });
  });

const reply = (response, status, body) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
