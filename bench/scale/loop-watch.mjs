// Preloaded by the gateway of a scale run: SIGUSR2 says on stderr for how long the event loop was held up at most since
// the last time.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on('SIGUSR2', () => {
  const [maxMs, p99Ms] = [delay.max, delay.percentile(99)].map(nanos => nanos / 1e6);
  delay.reset();
  process.stderr.write(`${JSON.stringify({ msg: 'event loop', maxMs, p99Ms })}\n`);
});
