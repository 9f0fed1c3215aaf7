// `users` in plain Node, knowing nothing of Sluice. To run it on its own, beside `npx sluice dev`:
//
//   npx sluice-sidecar --service users --path /users --port 3003 -- node examples/users-plain.mjs
//   curl http://127.0.0.1:8080/users/1

import { createServer } from 'node:http';

const NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara'];

createServer((request, response) => {
  const [, service, id] = request.url.split('/');
  const found = service === 'users' && id !== undefined;
  const body = found ? { id, name: NAMES[Number(id) % NAMES.length] ?? 'Alan' } : { error: 'not found' };
  response
    .writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(body)}\n`);
}).listen(Number(process.env.PORT ?? 3003), '127.0.0.1');
