/** An OTLP receiver that reads and accepts everything; tells its parent where it is. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => {
  request
    .on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end())
    .resume();
});
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('disconnect', () => process.exit());
