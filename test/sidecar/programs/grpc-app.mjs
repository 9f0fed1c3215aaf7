// A gRPC service that knows nothing of Sluice: answers on PORT, and says on stdout when callers give up.
import { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';

const { PORT = '0', NAME = 'app' } = process.env;

const method = (name, requestStream, responseStream) => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: text => Buffer.from(text),
  requestDeserialize: bytes => bytes.toString(),
  responseSerialize: text => Buffer.from(text),
  responseDeserialize: bytes => bytes.toString(),
});

const ECHO = {
  unary: method('Unary', false, false),
  upload: method('Upload', true, false),
  download: method('Download', false, true),
  chat: method('Chat', true, true),
};

const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

/** What a caller said comes back in the trailers. */
const trailersFor = ({ metadata }) => {
  const trailers = new Metadata();
  for (const [key, values] of Object.entries(metadata.toHttp2Headers())) {
    if (!key.startsWith('x-echo')) continue;
    for (const value of [values].flat())
      trailers.add(key, key.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return trailers;
};

const tellOfCancelling = call =>
  call.on('cancelled', () => console.log(`${NAME} cancelled ${call.metadata.get('x-name')[0]}`));

/** With a client of its own, which reads http_proxy by itself. */
const relay = (service, text, answer) => {
  const client = new Client(`${service}:80`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = ECHO.unary;
  client.makeUnaryRequest(path, requestSerialize, responseDeserialize, text, (error, said) => {
    client.close();
    answer(error, said);
  });
};

const server = new Server(UNLIMITED);
server.addService(ECHO, {
  unary: (call, answer) => {
    const [wanted] = call.metadata.get('x-status');
    const [relayed] = call.metadata.get('x-relay');
    const first = new Metadata();
    first.set('x-version', NAME);
    if (wanted === undefined) call.sendMetadata(first);
    if (call.request === 'hang') tellOfCancelling(call);
    else if (relayed !== undefined) relay(relayed, call.request, answer);
    else if (wanted === undefined) answer(null, call.request, trailersFor(call));
    else answer({ code: Number(wanted), details: 'wanted: 100 %', metadata: trailersFor(call) });
  },
  upload: (call, answer) => {
    const said = [];
    call.on('data', text => said.push(text)).on('end', () => answer(null, said.join('')));
  },
  download: call => {
    tellOfCancelling(call);
    for (let i = 0; i < 3; i += 1) call.write(`${call.request} ${i}`);
    if (call.request !== 'hang') call.end();
  },
  chat: call => {
    call.on('data', text => {
      if (text === 'peer') call.write(call.getPeer());
      else if (text === 'abort') call.emit('error', { code: 10, details: 'the service gives up' });
      else call.write(text.toUpperCase());
    });
    call.on('end', () => call.end());
  },
});
server.bindAsync(`127.0.0.1:${PORT}`, ServerCredentials.createInsecure(), error => {
  if (error !== null) throw error;
});

process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
