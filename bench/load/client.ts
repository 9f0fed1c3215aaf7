/** The load's own process: does one job after the other that its parent sends (load-process.ts). */
import { asFastAsCan, atRate } from './drive.ts';
import { holdOpen } from './hold.ts';
import { httpLanes } from './http-lane.ts';
import type { Lane, OpenLane } from './lane.ts';
import type { Answer, Held, Job, Latency, Load, Throughput } from './load.ts';
import { openWebSocketLane } from './websocket-lane.ts';

let held: Lane[] = [];

const lanesOf = (port: number, load: Load): OpenLane =>
  load.kind === 'http' ? httpLanes(port, load) : () => openWebSocketLane(port);

const work = async (job: Job): Promise<Latency | Throughput | Held> => {
  switch (job.kind) {
    case 'rate':
      return atRate(lanesOf(job.port, job.load), job.load.connections, job.rate, job.warmUp, job.seconds);
    case 'saturate':
      return asFastAsCan(lanesOf(job.port, job.load), job.load.connections, job.seconds);
    case 'hold':
      held = await holdOpen(lanesOf(job.port, job.load), job.load.connections);
      return { open: held.length };
    case 'release': {
      const { length } = held.filter(lane => lane.isOpen);
      for (const lane of held.splice(0)) lane.close();
      return { open: length };
    }
  }
};

const reply = (answer: Answer): void => {
  process.send?.(answer);
};

process.on('message', (job: Job) => {
  work(job).then(
    result => reply({ result }),
    (error: unknown) => reply({ error: String(error) }),
  );
});
// Its parent is gone.
process.on('disconnect', () => process.exit(0));
