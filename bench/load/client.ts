/** The load's own process: does one job after the other that its parent sends (load-process.ts). */
import { asFastAsCan, atRate } from './drive.ts';
import { grpcLanes } from './grpc-lane.ts';
import { holdOpen } from './hold.ts';
import { httpLanes } from './http-lane.ts';
import { http2Lanes } from './http2-lane.ts';
import type { Lane, OpenLane } from './lane.ts';
import {
  type Answer,
  type Held,
  type Job,
  type Latency,
  type Load,
  lanesOf,
  type Throughput,
  type Work,
} from './load.ts';
import { openWebSocketLane } from './websocket-lane.ts';

let held: Lane[] = [];

const opener = (port: number, load: Load): OpenLane => {
  switch (load.kind) {
    case 'http':
      return httpLanes(port, load);
    case 'http2':
      return http2Lanes(port, load);
    case 'grpc':
      return grpcLanes(port, load);
    case 'websocket':
      return () => openWebSocketLane(port);
  }
};

const perform = async (work: Work): Promise<Latency | Throughput | Held> => {
  switch (work.kind) {
    case 'rate':
      return atRate(opener(work.port, work.load), lanesOf(work.load), work.rate, work.warmUp, work.seconds);
    case 'saturate':
      return asFastAsCan(opener(work.port, work.load), lanesOf(work.load), work.seconds);
    case 'hold':
      held = await holdOpen(opener(work.port, work.load), work.load.connections);
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
