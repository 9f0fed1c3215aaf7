// `users` on Fastify, registered by the SDK. To run it on its own, beside `npx sluice dev`:
//
//   node --import tsx examples/users-fastify.ts
//   curl http://127.0.0.1:8080/users/1

import fastify from 'fastify';
import { register } from 'sluice/sidecar';

const port = Number(process.env.PORT ?? 3003);
const NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara'];

const app = fastify();

app.get<{ Params: { id: string } }>('/users/:id', async ({ params: { id } }) => ({
  id,
  name: NAMES[Number(id) % NAMES.length] ?? 'Alan',
}));
app.get('/healthz', async () => 'ok');

await app.listen({ port, host: '127.0.0.1' });

// Consul asks /healthz from now on; with a failing answer the gateway sends nothing here.
const users = await register({ service: 'users', version: 'v1', path: '/users', port, health: '/healthz' });

// Out of the catalog first, so that nobody sends anything any more; then finish what runs.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await users.close();
    await app.close();
  });
}
