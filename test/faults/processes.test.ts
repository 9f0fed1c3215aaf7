import { after, before, describe, it } from 'node:test';
import { INSTANCE_SCENES } from './processes.ts';
import { openStage, type Stage } from './support/stage.ts';

let stage: Stage;

before(async () => {
  stage = await openStage();
});
after(() => stage.close());

describe('a fault of a process', () => {
  for (const { fault, caller, play } of INSTANCE_SCENES) it(`${fault}: ${caller}`, () => play(stage));
});
