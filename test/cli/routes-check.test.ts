import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../support/processes.ts';

/** `sluice routes check`, as a pipeline would run it: without any gateway. */
let folder: string;
const sluice = async (...args: readonly string[]) => {
  const process = run('dist/src/cli/main.js', ['routes', 'check', ...args], {});
  const code = await process.exited;
  return { code, out: process.stdout(), err: process.stderr() };
};

const GOOD = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: good}
spec:
  rules:
    - backendRefs: [{name: orders}]
`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-check-'));
  await writeFile(join(folder, 'good.yaml'), GOOD);
  await writeFile(
    join(folder, 'bad.yaml'),
    `${GOOD.replace('backendRefs', 'backendRef')}---\n${GOOD.replace('good', 'other')}`,
  );
  await writeFile(join(folder, 'idle.yaml'), GOOD.replace('good', 'idle').replace('[{name: orders}]', '[]'));
});
after(() => rm(folder, { recursive: true }));

describe('sluice routes check', () => {
  it('says nothing but that all is well, and exits 0', async () => {
    const { code, out } = await sluice(join(folder, 'good.yaml'));
    assert.equal(out, '1 document in 1 file: good\n');
    assert.equal(code, 0);
  });
  it('shows each problem at its place, and exits 1', async () => {
    const file = join(folder, 'bad.yaml');
    const { code, out } = await sluice(file);
    assert.equal(
      out,
      [
        `${file}:6:7: error: spec.rules[0].backendRef: unknown field "backendRef"; did you mean "backendRefs"?`,
        '    6 |     - backendRef: [{name: orders}]',
        '      |       ^',
        '2 documents in 1 file: 1 not in force\n',
      ].join('\n'),
    );
    assert.equal(code, 1);
  });
  it('exits 1 for a rule that would answer 500', async () => {
    const { code, out } = await sluice(join(folder, 'idle.yaml'));
    assert.match(out, /:6:7: warning: .*answered 500/);
    assert.equal(code, 1);
  });
  it('takes a folder, and says the same as JSON', async () => {
    const { code, out } = await sluice(folder, '--json');
    const { ok, documents, problems } = JSON.parse(out);
    assert.equal(ok, false);
    assert.deepEqual(
      documents.map(({ name, ok }: { name: string; ok: boolean }) => `${name} ${ok}`),
      ['default/good false', 'default/other true', 'default/good true', 'default/idle true'],
    );
    assert.deepEqual(
      problems.map(({ severity, line }: { severity: string; line: number }) => `${severity} ${line}`),
      ['error 6', 'unserved 6'],
    );
    assert.equal(code, 1);
  });
  it('says of what can not be read why, and what to do; and exits 1', async () => {
    const at = (name: string): string => join(folder, name);
    await mkdir(at('empty'));
    await writeFile(join(at('empty'), 'notes.txt'), 'no route');
    await writeFile(at('image.yml'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x00, 0xff]));
    await writeFile(at('latin1.json'), Buffer.from('{"name": "caf\xe9"}', 'latin1'));
    await symlink('loop.yaml', at('loop.yaml'));
    const reasons = {
      'none.yaml': 'there is no such file or folder; is the path right, seen from the working directory?',
      'good.yaml/routes': 'there is no such file or folder: a part of its path is a file',
      empty: 'the folder has no *.yaml, *.yml or *.json; those of folders in it are not read',
      'image.yml': 'it is not text; route documents are YAML or JSON in UTF-8',
      'latin1.json': 'it is not text; route documents are YAML or JSON in UTF-8',
      'loop.yaml': 'it is a link that leads back to itself',
    };
    const { code, out } = await sluice(...Object.keys(reasons).map(at));
    const told = Object.entries(reasons).map(([name, reason]) => `${at(name)}: error: ${reason}`);
    assert.deepEqual(
      out.trimEnd().split('\n').sort(),
      [...told, '0 documents in 0 files: nothing to check'].sort(),
    );
    assert.equal(code, 1);
    const beside = await sluice(at('none.yaml'), at('good.yaml'));
    assert.match(beside.out, /^1 document in 1 file: 1 could not be read$/m);
    assert.equal(beside.code, 1);
  });
});
