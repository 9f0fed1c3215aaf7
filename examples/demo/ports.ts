import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A port of 127.0.0.1: the preferred one, or a free one where that is taken or none is preferred. */
export const findPort = async (preferred = 0): Promise<number> => {
  const probe = createServer();
  try {
    const listening = once(probe, 'listening');
    probe.listen(preferred, '127.0.0.1');
    await listening;
    return (probe.address() as AddressInfo).port;
  } catch (error) {
    if (preferred === 0) throw error;
    return findPort();
  } finally {
    probe.close();
  }
};
