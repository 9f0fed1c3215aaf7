// `greeter` speaks gRPC and knows nothing of Sluice. To run it on its own, beside `npx sluice dev`:
//
//   npx sluice-sidecar --service greeter --path /greeter.Greeter --port 50051 --proto h2c \
//     -- node examples/greeter-grpc.mjs
//   node examples/greet.mjs 127.0.0.1:8080 Ada

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { GREETER } from './greeter-methods.mjs';

const server = new Server();
server.addService(GREETER, {
  sayHello: ({ request }, answer) => answer(null, { text: `Hello, ${request.name}!` }),
  countDown: call => {
    for (const number of [3, 2, 1]) call.write({ text: `${number}, ${call.request.name}` });
    call.end();
  },
});
server.bindAsync(`127.0.0.1:${process.env.PORT ?? 50051}`, ServerCredentials.createInsecure(), error => {
  if (error !== null) throw error;
});
