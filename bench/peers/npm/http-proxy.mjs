// http-proxy (or http-proxy-3) as its readers set it up, with a keep-alive agent: MODULE LISTEN UPSTREAM ECHO
import { Agent, createServer } from 'node:http';

const [name, port, upstream, echo] = process.argv.slice(2);
const module = await import(name);
const { createProxyServer } = module.default ?? module;

const proxy = createProxyServer({ agent: new Agent({ keepAlive: true }), xfwd: true });
proxy.on('error', (_error, _request, answer) => {
  if ('writeHead' in answer && !answer.headersSent) answer.writeHead(502).end();
  else answer.destroy();
});

const server = createServer((request, response) => proxy.web(request, response, { target: upstream }));
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head, { target: echo }));
server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1');
