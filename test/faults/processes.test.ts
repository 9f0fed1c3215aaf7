import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { OUTAGE_SCENES } from './outages.ts';
import { INSTANCE_SCENES } from './processes.ts';
import { openStage, type Stage } from './support/stage.ts';

let stage: Stage;

before(async () => {
  stage = await openStage();
});
after(() => stage.close());

describe('a fault of a process', () => {
  for (const { fault, caller, service, blamed, play } of [...INSTANCE_SCENES, ...OUTAGE_SCENES]) {
    it(`${fault}: ${caller}`, async () => {
      await play(stage);
      const ejected = new RegExp(`^sluice_ejections_total{service="${service}",reason="\\w+"} [1-9]`, 'm');
      assert.equal(ejected.test(await stage.metrics()), blamed !== 'nobody', `blamed: ${blamed}`);
    });
  }
});
