/** The load's own process: does one job after the other that its parent sends (load-process.ts). */
import { asFastAsCan, atRate } from './drive.ts';
import { holdOpen } from './hold.ts';
import { httpLanes } from './http-lane.ts';
import type { Lane, OpenLane } from './lane.ts';
import type { Answer, Held, Job, Latency, Load, Throughput, Work } from './load.ts';
import { openWebSocketLane } from './websocket-lane.ts';

let held: Lane[] = [];

const lanesOf = (port: number, load: Load): OpenLane =>
  load.kind === 'http' ? httpLanes(port, load) : () => openWebSocketLane(port);

const perform = async (work: Work): Promise<Latency | Throughput | Held> => {
  switch (work.kind) {
    case 'rate':
      return atRate(
        lanesOf(work.port, work.load),
        work.load.connections,
        work.rate,
        work.warmUp,
        work.seconds,
      );
    case 'saturate':
      return asFastAsCan(lanesOf(work.port, work.load), work.load.connections, work.seconds);
    case 'hold':
      held = await holdOpen(lanesOf(work.port, work.load), work.load.connections);
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

process.on('message', ({ id, work }: Job) => {
  perform(work).then(
    result => reply({ id, result }),
    (error: unknown) => reply({ id, error: String(error) }),
  );
});
// Its parent is gone.
process.on('disconnect', () => process.exit(0));
