import { eventually } from '../test/support/wait.ts';
import { metric, readText } from './metrics.ts';

/**
 * Waits until all spans have left a gateway, and compares both ends.
 *
 * @param admin URL of the gateway's admin API
 * @param receiver URL of receiver.mjs
 * @returns what was lost, in words
 */
export const lostSpans = async (admin: string, receiver: string): Promise<string[]> => {
  const page = await eventually(
    async () => {
      const now = await readText(`${admin}/metrics`);
      return metric(now, 'sluice_spans_queued') === 0 && now;
    },
    { within: 30_000, hint: 'every span has left the queue' },
  );
  const count = (result: string): number => metric(page, `sluice_spans_total{result="${result}"}`);
  const received = await eventually(
    async () => {
      const counted = Number(await readText(`${receiver}/count`));
      return counted >= count('exported') && counted;
    },
    { within: 5_000, hint: 'the receiver has what was exported' },
  ).catch(() => undefined);
  return [
    ...(count('dropped') > 0 ? [`${count('dropped')} spans dropped`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} spans failed`] : []),
    ...(received === undefined ? ['the receiver has fewer spans than were exported'] : []),
  ];
};
