import { describe, it } from 'node:test';
import { canMount, playFullDisk, STATE_SCENES, tinyDisk } from './state.ts';

describe('a fault of the state folder', () => {
  for (const { fault, caller, play } of STATE_SCENES) it(`${fault}: ${caller}`, play);

  const skip = canMount()
    ? false
    : 'this machine does not let us mount; the file size limit above stands for it';
  it('the same on a real disk that has no block left', { skip }, t => playFullDisk(t, tinyDisk(t)));
});
