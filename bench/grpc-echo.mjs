// An echo of gRPC messages, each by itself or many in one call: PORT
import { createServer } from 'node:http2';

const server = createServer({ settings: { maxConcurrentStreams: 1_000 } });
server.on('stream', stream => {
  stream.on('error', () => {});
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.pipe(stream);
});
server.listen(Number(process.argv[2]), '127.0.0.1');
