import { createServer } from 'node:http';
import type { Server } from 'node:net';

/** Tells in a field of its answer how it has read a request: method, target, host and length of the body. */
export const createEcho = (): Server => {
  const server = createServer({ maxHeaderSize: 128 * 1024 }, (req, res) => {
    let bodyLength = 0;
    req.on('data', (bytes: Buffer) => {
      bodyLength += bytes.length;
    });
    req.once('end', () => {
      const told = JSON.stringify([req.method, req.url, req.headers.host ?? '', bodyLength]);
      res.writeHead(200, { 'x-echo': told, 'content-length': 0 }).end();
    });
  });
  server.keepAliveTimeout = 0;
  server.maxHeadersCount = 0;
  return server;
};
