// What greeter.proto says, as grpc-js wants it: for both ends, greeter-grpc.mjs and greet.mjs.

import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const root = protobuf.loadSync(fileURLToPath(new URL('greeter.proto', import.meta.url)));

const method = ({ name, requestType, responseType, responseStream = false }) => {
  const request = root.lookupType(`greeter.${requestType}`);
  const response = root.lookupType(`greeter.${responseType}`);
  return {
    path: `/greeter.Greeter/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: message => request.encode(message).finish(),
    requestDeserialize: bytes => request.decode(bytes),
    responseSerialize: message => response.encode(message).finish(),
    responseDeserialize: bytes => response.decode(bytes),
  };
};

const { methods } = root.lookupService('greeter.Greeter');

export const GREETER = { sayHello: method(methods.SayHello), countDown: method(methods.CountDown) };
