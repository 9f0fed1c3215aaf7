import {
  Client,
  credentials,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** A test, or all of a file. */
interface Ends {
  after(end: () => void): void;
}

/** A service whose messages are text, so that no description of it has to be compiled. */
const method = (
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<string, string> => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: text => Buffer.from(text),
  requestDeserialize: bytes => bytes.toString(),
  responseSerialize: text => Buffer.from(text),
  responseDeserialize: bytes => bytes.toString(),
});

export const ECHO = {
  unary: method('Unary', false, false),
  upload: method('Upload', true, false),
  download: method('Download', false, true),
  chat: method('Chat', true, true),
} as const satisfies ServiceDefinition;

/** A real gRPC server on a free port, ended with the test. */
export const startGrpcServer = (
  t: Ends,
  implementation: UntypedServiceImplementation,
  security?: ServerCredentials,
): Promise<number> => {
  const server = new Server();
  server.addService(ECHO, implementation);
  return listenGrpc(t, server, security);
};

/** The same, whatever it serves. */
export const listenGrpc = (
  t: Ends,
  server: Server,
  security = ServerCredentials.createInsecure(),
): Promise<number> => {
  t.after(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', security, (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
};

/**
 * A real gRPC client, ended with the test. A connection of its own, as other clients of a test would share it.
 *
 * @param authority whom it asks for, where that is not who listens there
 */
export const startGrpcClient = (t: Ends, port: number, authority?: string): Client => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.max_receive_message_length': -1,
    ...(authority === undefined ? {} : { 'grpc.default_authority': authority }),
  });
  t.after(() => client.close());
  return client;
};
