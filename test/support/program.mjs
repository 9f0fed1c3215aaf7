// A service that knows nothing of Sluice: says which request it answers and by which process, and writes down every
// one that must not be done twice. GET …/slow/500 is answered after 500 ms; …/block/500 holds the event loop up for 500 ms
// after its answer.
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
    res.setHeader('X-Process', process.pid);
    const [, milliseconds] = req.url.split('/block/');
    if (milliseconds !== undefined) {
      res.end('blocked from now on', () => setImmediate(block, Number(milliseconds)));
    } else {
      // It takes its time, so that something is always under way.
      const [, slow = Math.random() * 30] = req.url.split('/slow/');
      setTimeout(() => res.end(`${req.method} ${req.url} ${bytes}`), Number(slow));
    }
  });
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(server.address().port));

const block = milliseconds => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
