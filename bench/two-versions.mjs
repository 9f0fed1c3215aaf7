// The one program behind all instances of a scale run, at two ports that say which they are: it tells its parent.
import { once } from 'node:events';
import { createServer } from 'node:http';

const ports = await Promise.all(
  ['one', 'two'].map(async answer => {
    const server = createServer((_, response) => response.end(answer)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  }),
);
process.send(ports);
process.on('disconnect', () => process.exit());
