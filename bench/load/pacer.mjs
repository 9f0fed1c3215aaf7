// Wakes its parent at a steady pace, to some ten microseconds; timers of an event loop only know milliseconds.
import { parentPort, workerData } from 'node:worker_threads';

const { stopped, everyMs } = workerData;
let next = performance.now();
while (Atomics.load(stopped, 0) === 0) {
  next = Math.max(next + everyMs, performance.now() - 1_000);
  const wait = next - performance.now();
  if (wait > 0) Atomics.wait(stopped, 0, 0, wait);
  parentPort.postMessage(0);
}
