import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '../src/config.ts';
import { onPath, ROOT } from './support/child.ts';

const UNIT = readFileSync(`${ROOT}/docs/sluice.service`, 'utf8');

const directive = (key: string): string => {
  const value = new RegExp(`^${key}=(.*)$`, 'm').exec(UNIT)?.[1];
  assert.ok(value !== undefined, `${key}= is there`);
  return value;
};

describe('docs/sluice.service', () => {
  it('starts the gateway with what the gateway knows', () => {
    const [program, command, ...rest] = directive('ExecStart').split(' ');
    assert.deepEqual([program, command], ['/usr/local/bin/sluice', 'gateway']);
    const help = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'gateway', '--help'], {
      cwd: ROOT,
      encoding: 'utf8',
    }).stdout;
    for (const flag of rest.filter(word => word.startsWith('--'))) assert.ok(help.includes(`${flag} `), flag);
  });

  it('leaves the drain its time', () => {
    const { drain, drainDelay } = loadConfig({ flags: {}, env: {} });
    assert.ok(Number.parseInt(directive('TimeoutStopSec'), 10) * 1_000 > drain + drainDelay);
  });

  it('keeps its state where the gateway looks for it', () => {
    const folder = `/var/lib/${directive('StateDirectory')}`;
    assert.equal(loadConfig({ flags: {}, env: { STATE_DIRECTORY: folder } }).stateDir, folder);
  });

  const systemd = onPath('systemd-analyze');
  it('is sound, and exposes little', { skip: systemd === undefined && 'there is no systemd here' }, t => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-unit-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const unit = join(folder, 'sluice.service');
    // Whether the program is installed is not the question.
    writeFileSync(unit, UNIT.replace('/usr/local/bin/sluice', process.execPath));
    const verified = spawnSync(systemd ?? '', ['verify', unit], { encoding: 'utf8' });
    assert.equal(verified.status, 0, verified.stderr);
    const { stdout } = spawnSync(systemd ?? '', ['security', '--offline=true', '--no-pager', unit], {
      encoding: 'utf8',
    });
    const exposure = Number(/Overall exposure level for sluice\.service: ([\d.]+)/.exec(stdout)?.[1]);
    t.diagnostic(`exposure ${exposure}`);
    assert.ok(exposure < 2, stdout.slice(-500));
  });
});
