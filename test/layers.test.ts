import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Who may import whom; type imports count. Change a row by a decision record, not by an exception. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: ['core'],
  telemetry: ['telemetry', 'core'],
  redis: ['redis', 'core', 'telemetry'],
  state: ['state', 'core', 'telemetry'],
  embedded: ['embedded', 'core', 'telemetry'],
  consul: ['consul', 'core', 'telemetry'],
  proxy: ['proxy', 'core', 'telemetry'],
  documents: ['documents', 'core', 'telemetry', 'consul'],
  weights: ['weights', 'core', 'telemetry', 'redis'],
  canary: ['canary', 'core', 'telemetry', 'redis', 'weights'],
  limits: ['limits', 'core', 'telemetry', 'redis', 'config'],
  mesh: ['core', 'telemetry'],
  config: ['core', 'telemetry'],
  reload: ['core', 'telemetry', 'config'],
  admin: ['admin', 'core', 'telemetry'],
  workers: ['workers', 'core', 'telemetry', 'config', 'proxy', 'limits'],
  gateway: [
    'workers',
    'core',
    'telemetry',
    'redis',
    'state',
    'embedded',
    'consul',
    'proxy',
    'documents',
    'weights',
    'canary',
    'limits',
    'mesh',
    'config',
    'reload',
    'admin',
  ],
  cli: [
    'cli',
    'gateway',
    'config',
    'admin/api',
    'consul',
    'redis',
    'documents',
    'weights',
    'canary',
    'embedded',
    'core',
    'telemetry',
  ],
  sidecar: [
    'sidecar',
    'core',
    'telemetry',
    'consul',
    'redis',
    'weights',
    'proxy',
    'mesh',
    'config',
    'admin/api',
  ],
};

/** I/O has no business in the pure core. `node:util`, `node:net`'s address tests, `node:crypto`'s hashes and `re2js` are pure. */
const CORE_MAY_USE = ['node:util', 'node:net', 'node:crypto', 're2js'];

const filesBelow = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name) && !name.includes('node_modules'))
    .map(name => join(folder, name));

/** `src/core/split/split.ts` is module `core`, `src/mesh.ts` is `mesh`, and the files of the contract are `admin/api` to outsiders. */
const moduleOf = (file: string, seenFrom?: string): string => {
  const parts = file.replace(/\.tsx?$/, '').split('/');
  if (parts[0] === 'sidecar') return 'sidecar';
  const name = parts[1] ?? '';
  return name === 'admin' && seenFrom !== undefined && !['admin', 'gateway'].includes(seenFrom)
    ? `admin/${parts[2]?.replace(/^\w+-api$/, 'api')}`
    : name;
};

const importsOf = (file: string): string[] =>
  ts
    .preProcessFile(readFileSync(join(ROOT, file), 'utf8'), true, true)
    .importedFiles.map(imported => imported.fileName);

const localTarget = (file: string, specifier: string): string =>
  relative(ROOT, resolve(ROOT, dirname(file), specifier));

const sources = [...filesBelow('src'), ...filesBelow('sidecar')];

it('every import is one that the layer table allows', () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const module = moduleOf(file);
    const allowed = MAY_IMPORT[module];
    assert.ok(allowed, `${file}: module "${module}" has no row in the layer table`);
    for (const specifier of importsOf(file)) {
      if (!specifier.startsWith('.')) {
        if (module === 'core' && !CORE_MAY_USE.includes(specifier)) wrong.push(`${file} -> ${specifier}`);
        continue;
      }
      const target = localTarget(file, specifier);
      if (!allowed.includes(moduleOf(target, module))) wrong.push(`${file} -> ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

it('only the adapter touches the consul package, only the upgrade lane http-proxy, only one file re2js', () => {
  const touches = (name: string): string[] => sources.filter(file => importsOf(file).includes(name));
  assert.deepEqual(touches('consul'), ['src/consul/client.ts']);
  assert.deepEqual(touches('http-proxy'), ['src/proxy/upgrade.ts']);
  assert.deepEqual(touches('re2js'), ['src/core/regex/program.ts']);
});

/** Throws where something reaches itself. */
const assertNoCycle = (edges: ReadonlyMap<string, readonly string[]>): void => {
  const done = new Set<string>();
  const visit = (from: string, path: readonly string[]): void => {
    assert.ok(!path.includes(from), `a cycle: ${[...path, from].join(' -> ')}`);
    if (done.has(from)) return;
    for (const next of edges.get(from) ?? []) visit(next, [...path, from]);
    done.add(from);
  };
  for (const from of edges.keys()) visit(from, []);
};

const localTargets = (file: string): string[] =>
  importsOf(file)
    .filter(specifier => specifier.startsWith('.'))
    .map(specifier => localTarget(file, specifier));

it('no file imports itself through others', () => {
  assertNoCycle(new Map(sources.map(file => [file, localTargets(file)])));
});

it('no room of core imports itself through others', () => {
  // What stands in no room are tools for all of them.
  const roomOf = (file: string): string | undefined => /^src\/core\/([^/]+)\//.exec(file)?.[1];
  const edges = new Map<string, string[]>();
  for (const file of sources) {
    const room = roomOf(file);
    if (room === undefined) continue;
    const others = localTargets(file)
      .map(roomOf)
      .filter(other => other !== undefined && other !== room);
    edges.set(room, [...(edges.get(room) ?? []), ...others.filter(other => other !== undefined)]);
  }
  assert.ok(edges.size > 5);
  assertNoCycle(edges);
});
