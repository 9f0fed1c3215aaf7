// A program that knows nothing of Sluice: answers on PORT, and copies traceparent when it calls others.
import { createServer, request } from 'node:http';

const { PORT = '0', NAME = 'app', LISTEN_AFTER = '0', SLUICE_OUTBOUND = '' } = process.env;
let isWell = true;

const server = createServer((req, res) => {
  const url = new URL(req.url ?? '/', 'http://app.invalid');
  if (url.pathname === '/healthz') return res.writeHead(isWell ? 200 : 503).end();
  if (url.pathname === '/sick') isWell = false;
  if (url.pathname === '/better') isWell = true;
  if (url.pathname === '/call') {
    const [host, port] = SLUICE_OUTBOUND.replace('http://', '').split(':');
    const { traceparent } = req.headers;
    const headers = traceparent === undefined ? {} : { traceparent };
    const call = request({ host, port, path: url.searchParams.get('url') ?? '', headers }, answer => {
      res.writeHead(answer.statusCode ?? 500);
      answer.pipe(res);
    });
    call.on('error', () => res.writeHead(502).end());
    return call.end();
  }
  const answer = () =>
    res.end(JSON.stringify({ name: NAME, pid: process.pid, path: req.url, headers: req.headers }));
  setTimeout(answer, Number(url.searchParams.get('after') ?? 0));
});

setTimeout(() => server.listen(Number(PORT), '127.0.0.1'), Number(LISTEN_AFTER));

process.on('SIGTERM', () => {
  console.log(`${NAME} got SIGTERM`);
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
process.on('SIGHUP', () => console.log(`${NAME} got SIGHUP`));
