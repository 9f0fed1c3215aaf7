/** A proxy in a process of its own (started by own-process.ts). Argument: ProcessOptions as JSON. Prints its port. */
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { createProxy } from '../../../src/proxy/server.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import type { ProcessOptions } from './own-process.ts';
import { decisionFor, VIA } from './proxy.ts';

const {
  upstream,
  workMs = 0,
  limits = {},
  timeouts = {},
} = JSON.parse(process.argv[2] ?? '') as ProcessOptions;

/** Holds the event loop up. */
const work = (): void => {
  const until = performance.now() + workMs;
  while (performance.now() < until);
};

const proxy = createProxy({
  decide: ({ path }) => {
    work();
    return decisionFor(path, upstream);
  },
  via: VIA,
  observer: {
    propagationFields: new Set(),
    begin: () => ({
      attempt: () => ({ headers: [], end: () => {} }),
      copy: () => ({ headers: [], end: () => {} }),
      ask: () => ({ headers: [], end: () => {} }),
      end: () => {},
    }),
  },
  fleet: new Fleet(),
  log: silentLog,
  readyPath: '/ready',
  limits,
  timeouts,
});
const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${port}\n`);
