// Wakes its parent at a steady pace, to some ten microseconds; timers of an event loop only know milliseconds.
import { parentPort, workerData } from 'node:worker_threads';

const never = new Int32Array(new SharedArrayBuffer(4));
let next = performance.now();
// Until it is terminated.
for (;;) {
  parentPort.postMessage(0);
  next = Math.max(next + workerData.everyMs, performance.now() - 1_000);
  const wait = next - performance.now();
  if (wait > 0) Atomics.wait(never, 0, 0, wait);
}
