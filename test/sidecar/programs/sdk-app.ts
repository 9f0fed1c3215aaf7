// An application with the SDK. With `once` it leaves by itself; otherwise a signal ends it.
import { createServer } from 'node:http';
import { register } from 'sluice/sidecar';

const { PORT = '0', WAY = '' } = process.env;
const server = createServer((_req, res) => res.end('hello')).listen(Number(PORT), '127.0.0.1');
const handle = await register({
  service: `sdk-${WAY}`,
  port: Number(PORT),
  handleSignals: WAY === 'signals',
});
await handle.fetch('http://nobody.mesh/');
console.log('registered');
if (WAY === 'once') {
  await handle.close({ drain: 0 });
  server.close();
}
