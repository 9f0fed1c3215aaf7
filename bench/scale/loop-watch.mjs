// Preloaded by the gateway of a scale run: SIGUSR2 says on stderr for how long the event loop was held up at most since
// the last time, and for how much of such a time the thread was on a core: the rest, it waited for one.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

/** Milliseconds that the main thread was on a core so far (proc(5), /proc/pid/schedstat). */
const onCore = () => Number.parseInt(readFileSync('/proc/self/schedstat', 'latin1'), 10) / 1e6;

let last = onCore();
let workMs = 0;
setInterval(() => {
  const now = onCore();
  workMs = Math.max(workMs, now - last);
  last = now;
}, 1).unref();

process.on('SIGUSR2', () => {
  process.stderr.write(`${JSON.stringify({ msg: 'event loop', maxMs: delay.max / 1e6, workMs })}\n`);
  delay.reset();
  workMs = 0;
});
