/** A proxy in a process of its own, for tests of its memory. Argument: the upstream's port. Prints its own. */
import { Fleet } from '../../../src/core/fleet.ts';
import { createProxy } from '../../../src/proxy/server.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { decisionFor, VIA } from './proxy.ts';

const upstream = Number(process.argv[2]);
const proxy = createProxy({
  decide: ({ path }) => decisionFor(path, upstream),
  via: VIA,
  observer: {
    propagationFields: new Set(),
    begin: () => ({ attempt: () => ({ headers: [], end: () => {} }), end: () => {} }),
  },
  fleet: new Fleet(),
  log: silentLog,
});
const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${port}\n`);
