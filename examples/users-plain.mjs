// `users` in plain Node, knowing nothing of Sluice. To run it on its own, beside `npx sluice dev`:
//
//   npx sluice-sidecar --service users --path /users --port 3003 --health /healthz \
//     -- node examples/users-plain.mjs
//   curl http://127.0.0.1:8080/users/1

import { createServer } from 'node:http';

const NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara'];

createServer((request, response) => {
  const [, service, id] = request.url.split('/');
  if (service === 'healthz') return reply(response, 200, { well: true });
  if (service !== 'users' || id === undefined) return reply(response, 404, { error: 'not found' });
  reply(response, 200, { id, name: NAMES[Number(id) % NAMES.length] ?? 'Alan' });
}).listen(Number(process.env.PORT ?? 3003), '127.0.0.1');

const reply = (response, status, body) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
