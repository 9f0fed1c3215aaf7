import type { Lane, OpenLane } from './lane.ts';

/** So many are opened at a time. */
const AT_ONCE = 64;

/** Opens connections that make one request each and then stay. @throws where one gets no good answer */
export const holdOpen = async (open: OpenLane, connections: number): Promise<Lane[]> => {
  const lanes: Lane[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < connections) {
      const i = next;
      next += 1;
      const lane = await open(i);
      const good = await new Promise<boolean>(resolve => lane.send(resolve));
      if (!good) throw new Error(`connection ${i + 1} got no good answer`);
      lanes.push(lane);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return lanes;
};
