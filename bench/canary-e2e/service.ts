/** A version of a service, in a process of its own (release.ts): service.ts VERSION MEDIAN_MS FAILS_EVERY */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Counted } from './release.ts';

const [version = '', median = '1', failsEvery = '0'] = process.argv.slice(2);

/** Of the logarithm of the delays: the p99 is three times the median. */
const SPREAD = 0.5;

/** Lognormal, as latencies are, by Box and Muller. */
const delay = (): number => {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Number(median) * Math.exp(SPREAD * normal);
};

const every = Number(failsEvery);
let counted: Counted = { requests: 0, errors: 0 };

const server = createServer((_req, res) => {
  const requests = counted.requests + 1;
  const fails = every > 0 && requests % every === Math.floor(every / 2);
  counted = {
    requests,
    errors: counted.errors + Number(fails),
    ...(requests === 500 ? { at500: Date.now() } : { at500: counted.at500 }),
  };
  setTimeout(() => {
    res.statusCode = fails ? 500 : 200;
    res.end(version);
  }, delay());
}).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

process.on('message', () => process.send?.(counted));
// Its parent is gone.
process.on('disconnect', () => process.exit(0));
