// `orders` on Express, registered by the SDK. To run it on its own, beside `npx sluice dev`:
//
//   SLUICE_ADMIN=127.0.0.1:9901 node --import tsx examples/orders-express.ts
//   curl http://127.0.0.1:8080/orders/1

import { once } from 'node:events';
import express from 'express';
import { register } from 'sluice/sidecar';

const port = Number(process.env.PORT ?? 3001);
const version = process.env.VERSION ?? 'v1';

const app = express();

app.get('/orders/:id', async (request, response) => {
  // `from` carries the trace on: the call is shown as caused by this request.
  const answer = await orders.fetch(`http://users.mesh/users/${request.params.id}`, { from: request });
  if (!answer.ok) {
    await answer.body?.cancel();
    response.status(502).json({ error: `users answered ${answer.status}` });
    return;
  }
  const trace = request.header('traceparent')?.split('-')[1];
  response.json({ order: request.params.id, version, user: await answer.json(), trace });
});

const server = app.listen(port, '127.0.0.1');
await once(server, 'listening');

// From here on the gateway routes /orders here.
const orders = await register({ service: 'orders', version, path: '/orders', port });

// Out of the catalog first, so that nobody sends anything any more; then finish what runs.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await orders.close();
    server.close();
    server.closeIdleConnections();
  });
}
