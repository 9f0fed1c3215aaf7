import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { clearLeftovers, MAX_BYTES, readWhole, replaceFile } from '../../src/state/file.ts';
import { decodeState } from '../../src/state/format.ts';
import { ROOT, startNode } from '../support/child.ts';
import { eventually } from '../support/wait.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-file-'));
after(() => rmSync(folder, { recursive: true }));

describe('a file that is replaced', () => {
  it('is for its owner only, in a folder that is made, and as old as its state', async () => {
    const file = join(folder, 'made', 'deep', 'state');
    await replaceFile(file, ['one', 'two'], 1_000_000);
    const found = await readWhole(file);
    assert.deepEqual([found?.contents.toString(), found?.at], ['onetwo', 1_000_000]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'made')).mode & 0o777, 0o700);
  });

  it('is as it was where that fails in the middle, and nothing is left behind', async () => {
    const own = join(folder, 'failing');
    const file = join(own, 'state');
    await replaceFile(file, ['whole'], 0);
    const failing = function* (): Generator<string> {
      yield 'half';
      throw new Error('no more');
    };
    await assert.rejects(replaceFile(file, failing(), 0), /no more/);
    const endless = function* (): Generator<string> {
      for (;;) yield 'x'.repeat(MAX_BYTES / 4);
    };
    await assert.rejects(replaceFile(file, endless(), 0), /larger than/);
    assert.equal((await readWhole(file))?.contents.toString(), 'whole');
    assert.deepEqual(readdirSync(own), ['state']);
  });

  it('is whole whenever its writer is killed with -9', async t => {
    const own = join(folder, 'killed');
    const file = join(own, 'state');
    mkdirSync(own);
    const rounds = 3;
    for (let round = 0; round < rounds; round++) {
      const writer = startNode(['--import', 'tsx', join(ROOT, 'test/state/writer.ts'), file]);
      // The first write is done; of the next one, a part.
      await eventually(() => /\.\++$/.test(writer.stdout()) || undefined, {
        within: 15_000,
        hint: 'a write under way',
      });
      await writer.stop('SIGKILL');
      const found = await readWhole(file);
      assert.equal(decodeState(found?.contents ?? Buffer.alloc(0)).catalog.size, 2_000);
    }
    t.diagnostic(`${readdirSync(own).length - 1} of ${rounds} kills came in the middle of a write`);
    await clearLeftovers(file, Date.now() + 120_000);
    assert.deepEqual(readdirSync(own), ['state']);
  });

  it('keeps what another writer has under way, and what is not its own', async () => {
    const own = join(folder, 'shared');
    mkdirSync(own);
    for (const name of ['state.1.tmp', 'other.1.tmp', 'state.bad']) writeFileSync(join(own, name), '');
    await clearLeftovers(join(own, 'state'), Date.now());
    assert.equal(readdirSync(own).length, 3);
    await clearLeftovers(join(own, 'state'), Date.now() + 120_000);
    assert.deepEqual(readdirSync(own).sort(), ['other.1.tmp', 'state.bad']);
  });
});

it('where there is none, none is read', async () => {
  assert.equal(await readWhole(join(folder, 'none', 'state')), undefined);
});
