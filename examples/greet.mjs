// Calls both methods of `greeter` (greeter-grpc.mjs), through a gateway or straight: node examples/greet.mjs HOST:PORT NAME

import { Client, credentials } from '@grpc/grpc-js';
import { GREETER } from './greeter-methods.mjs';

const [address = '127.0.0.1:8080', name = 'you'] = process.argv.slice(2);
const client = new Client(address, credentials.createInsecure());

const sayHello = () =>
  new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = GREETER.sayHello;
    const done = (error, reply) => (error === null ? resolve(reply.text) : reject(error));
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { name }, done);
  });

const countDown = () => {
  const { path, requestSerialize, responseDeserialize } = GREETER.countDown;
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { name });
};

try {
  console.log(await sayHello());
  for await (const { text } of countDown()) console.log(text);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  client.close();
}
