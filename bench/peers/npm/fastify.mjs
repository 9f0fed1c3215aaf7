// @fastify/http-proxy as its readers set it up: LISTEN UPSTREAM ECHO
import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';

const [port, upstream, echo] = process.argv.slice(2);
const app = fastify({ keepAliveTimeout: 600_000 });
// It would pass the upstream's keep-alive on to callers whose connection it then closes.
const withoutHop = ({ connection, 'keep-alive': keepAlive, ...headers }) => headers;
const forwardedFor = (request, headers) => ({ ...headers, 'x-forwarded-for': request.ip });
app.register(httpProxy, { upstream: echo, prefix: '/ws', websocket: true });
app.register(httpProxy, {
  upstream,
  // Its default of 128 connections would queue the case of 256.
  undici: { connections: 256 },
  replyOptions: { rewriteRequestHeaders: forwardedFor, rewriteHeaders: withoutHop },
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
