import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simulationTables } from '../bench/canary/report.ts';
import { reportMarkdown } from '../bench/report.ts';
import { SETTINGS } from '../src/config.ts';
import { ERRORS } from '../src/core/errors.ts';
import { LIVE_SETTINGS } from '../src/core/settings/live-settings.ts';
import { defaultText, type Setting, settingKey } from '../src/core/settings/settings.ts';
import { readLabels } from '../src/telemetry/exposition.ts';
import { faultsPage } from './faults/matrix.ts';
import { fullMetricsPage } from './support/metrics-page.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Compares the part of a page between its markers with what the code says, or writes it (UPDATE_DOCS=1). */
const holds = (file: string, marker: string, expected: string): void => {
  const pattern = new RegExp(`(<!-- ${marker}: [^>]*-->\n)([\\s\\S]*?)(<!-- /${marker} -->)`);
  const page = read(file);
  assert.match(page, pattern, `${file} has no part "${marker}"`);
  if (process.env.UPDATE_DOCS !== undefined) {
    writeFileSync(
      join(ROOT, file),
      page.replace(pattern, (_all, start, _old, end) => `${start}${expected}${end}`),
    );
  } else {
    assert.equal(pattern.exec(page)?.[2], expected, `${file} is behind the code: run with UPDATE_DOCS=1`);
  }
};

const settingsTable = (): string => {
  const live = new Set<string>(LIVE_SETTINGS);
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => {
    const { flag, env, help } = setting;
    const shown = defaultText(setting);
    const variables = (env ?? []).map(variable => `\`${variable}\``).join(', ');
    const cells = [
      flag === undefined ? '' : `\`${flag}\``,
      variables,
      `\`${settingKey(name)}\``,
      shown === '' ? '' : `\`${shown}\``,
      live.has(name) ? 'live' : '',
      help,
    ];
    return `| ${cells.map(cell).join(' | ')} |\n`;
  });
  return `| flag | environment | file | default | SIGHUP | what it says |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('')}`;
};

const errorsTable = (): string => {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |\n`,
  );
  return `| code | status | title |\n| --- | --- | --- |\n${rows.join('')}`;
};

const metricsTable = async (): Promise<string> => {
  const page = await fullMetricsPage();
  const types = new Map(
    [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
  const labelsOf = (name: string): string => {
    const series = new RegExp(`^${name}(?:_count)?\\{(.*)\\} `, 'm').exec(page)?.[1] ?? '';
    return Object.keys(readLabels(series))
      .map(label => `\`${label}\``)
      .join(', ');
  };
  const rows = [...page.matchAll(/^# HELP (sluice_\S+) (.*)$/gm)].map(
    ([, name = '', help = '']) => `| \`${name}\` | ${types.get(name)} | ${labelsOf(name)} | ${help} |\n`,
  );
  return `| metric | type | labels | what it says |\n| --- | --- | --- | --- |\n${rows.sort().join('')}`;
};

/** The figures that were kept on purpose, with their chart beside them. */
const figures = (): string => {
  const kept = 'docs/performance.json';
  if (!existsSync(join(ROOT, kept))) return 'None have been kept yet.\n';
  return `![CPU per request of each proxy](performance.svg)\n\n${reportMarkdown(JSON.parse(read(kept)))}`;
};

describe('pages that follow the code', () => {
  it('docs/performance.md has the figures that were kept', () =>
    holds('docs/performance.md', 'figures', figures()));
  it('docs/canaries.md has the figures that were simulated', () =>
    holds('docs/canaries.md', 'canary-sim', simulationTables(JSON.parse(read('docs/canary-sim.json')))));
  it('docs/operations.md has every metric', async () =>
    holds('docs/operations.md', 'metrics', await metricsTable()));
  it('docs/configuration.md has every setting', () =>
    holds('docs/configuration.md', 'settings', settingsTable()));
  it('docs/errors.md has every code', () => holds('docs/errors.md', 'errors', errorsTable()));
  it('docs/faults.md has every fault', () => holds('docs/faults.md', 'faults', faultsPage()));
});

it('docs/architecture.md names files that are there', () => {
  let folder = '';
  const missing: string[] = [];
  for (const [, name = ''] of read('docs/architecture.md').matchAll(/`([\w./-]+\.ts)`/g)) {
    // A bare name is in the folder of the last path before it.
    if (name.includes('/')) folder = dirname(name);
    const path = name.includes('/') ? name : join(folder, name);
    if (!existsSync(join(ROOT, path))) missing.push(path);
  }
  assert.deepEqual(missing, []);
});

describe('links', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
    readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.md'))
      .map(name => join('docs', name)),
  );
  for (const page of pages) {
    it(`${page}: every file it names is there`, () => {
      const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(
        ([, target = '']) => target,
      );
      const missing = targets.filter(target => !existsSync(resolve(ROOT, dirname(page), target)));
      assert.deepEqual(missing, []);
    });
  }
});
