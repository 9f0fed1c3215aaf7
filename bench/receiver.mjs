// A live OTLP/HTTP receiver that counts spans and decodes nothing of them: PORT. GET /count tells how many came.
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;
const SPANS = 2;

const varint = (bytes, at) => {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
};

/** Calls back with each embedded message of that number; these messages have no fields of fixed width. */
const each = (bytes, field, found) => {
  for (let at = 0; at < bytes.length; ) {
    const [key, afterKey] = varint(bytes, at);
    const [length, start] = varint(bytes, afterKey);
    at = start + length;
    if (key === field * 8 + 2) found(bytes.subarray(start, at));
  }
};

let spans = 0;
const count = body =>
  each(body, RESOURCE_SPANS, resource =>
    each(resource, SCOPE_SPANS, scope =>
      each(scope, SPANS, () => {
        spans += 1;
      }),
    ),
  );

const server = createServer((request, response) => {
  if (request.method === 'GET') return response.end(`${spans}`);
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    count(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
