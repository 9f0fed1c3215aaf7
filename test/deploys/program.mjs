// The program that is deployed: says which request it answers, and writes down every one that must not be done twice.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { PORT = '0', VERSION = '', DONE = '' } = process.env;

const server = createServer((req, res) => {
  let bytes = 0;
  req.on('data', chunk => {
    bytes += chunk.length;
  });
  req.on('end', () => {
    if (req.method === 'POST' && DONE !== '') appendFileSync(DONE, `${req.url}\n`);
    res.setHeader('X-Version', VERSION);
    // It takes its time, so that something is always under way.
    setTimeout(() => res.end(`${req.method} ${req.url} ${bytes}`), Math.random() * 30);
  });
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(server.address().port));

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
