import type { Instance } from '../src/core/model/instance.ts';

/** An instance that no catalog has: the program itself, or a server outside the mesh. It counts as passing. */
export const standIn = (
  of: Pick<Instance, 'id' | 'service' | 'serviceId' | 'address' | 'port'>,
): Instance => ({
  ...of,
  node: '',
  health: 'passing',
  tags: [],
  weight: 1,
  createIndex: 0,
  modifyIndex: 0,
});
