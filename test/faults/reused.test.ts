import { describe, it } from 'node:test';
import { REUSED_SCENES } from './reused.ts';

describe('a fault on a connection that is used again', () => {
  for (const { fault, caller, play } of REUSED_SCENES) it(`${fault}: ${caller}`, play);
});
