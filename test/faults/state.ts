import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { decodeState } from '../../src/state/format.ts';
import { startLoad } from '../support/load.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { startConsul } from '../support/servers.ts';
import { register, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import type { Scene } from './row.ts';

/** A way in which the state folder takes no more, and takes some again. */
interface FullDisk {
  readonly folder: string;
  fill(gateway: RunningGateway): void;
  free(gateway: RunningGateway): void;
  /** What the operator is told. */
  readonly problem: RegExp;
}

const ownFolder = (t: TestContext, release = (_folder: string): void => {}): string => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-full-'));
  t.after(() => {
    release(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
};

/** Whether this machine lets us mount: containers may not, even as root. */
export const canMount = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mount-'));
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** A file system of 64 KiB that is full to the last block (ENOSPC). It goes when its test does. */
export const tinyDisk = (t: TestContext): FullDisk => {
  const folder = ownFolder(t, mounted => execFileSync('umount', ['-l', mounted]));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => {
      const file = openSync(ballast, 'w');
      assert.throws(() => {
        for (;;) writeSync(file, Buffer.alloc(1_024));
      }, /ENOSPC/);
      closeSync(file);
    },
    free: () => rmSync(ballast),
    problem: /ENOSPC.*make room there/,
  };
};

/** Needs no rights: the process may not write past the first bytes of a file (EFBIG). */
export const fileSizeLimit = (t: TestContext): FullDisk => {
  const limit = ({ pid }: RunningGateway, bytes: string): void => {
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
  };
  return {
    folder: ownFolder(t),
    fill: gateway => limit(gateway, '100'),
    free: gateway => limit(gateway, 'unlimited'),
    problem: /EFBIG.*make room there/,
  };
};

/** The disk fills up, a service comes, the disk has room again; under load all the while. */
export const playFullDisk = async (
  t: TestContext,
  { folder, fill, free, problem }: FullDisk,
): Promise<void> => {
  const [consul, service] = await Promise.all([startConsul(), startService('whole')]);
  t.after(() => Promise.all([consul.stop(), service.stop()]));
  const add = (name: string): Promise<void> =>
    register(consul.address, { ID: name, Name: name, Port: service.port, Tags: [`path=/${name}`] });
  await add('before');
  const gateway = await runGateway([
    ...['--consul', consul.address, '--redis', 'off', '--state-dir', folder, '--access-log', 'off'],
  ]);
  t.after(() => gateway.stop());
  const front = await gateway.serving();
  const onDisk = (): string[] => {
    const [file = ''] = readdirSync(folder).filter(name => name.endsWith('.jsonl'));
    return [...decodeState(readFileSync(join(folder, file))).catalog.keys()];
  };
  const complaints = () =>
    gateway.log().filter(({ msg }) => msg?.startsWith('the state could not be written'));
  await eventually(() => onDisk().includes('before'), { within: 5_000, hint: 'the first state' });

  const load = startLoad(t, `${front}/before`, { perSecond: 100 });
  fill(gateway);
  await add('during');
  // The second try, too, so that saying it once means something.
  await eventually(
    async () => {
      const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
      return /^sluice_state_writes_total\{result="failed"\} [2-9]/m.test(metrics);
    },
    { within: 10_000, hint: 'two tries' },
  );
  assert.equal((await fetch(`${front}/during`)).status, 200);
  assert.equal(onDisk().includes('during'), false);
  assert.ok(onDisk().includes('before'), 'the last good state is whole');
  assert.deepEqual(
    readdirSync(folder).filter(name => name.endsWith('.tmp')),
    [],
  );
  assert.equal(complaints().length, 1);
  assert.match(String(complaints()[0]?.problem), problem);
  const status = (await (await fetch(`${gateway.admin}/api/status`)).json()) as {
    state: { problem: string };
  };
  assert.match(status.state.problem, problem);

  free(gateway);
  await eventually(() => onDisk().includes('during'), { within: 20_000, hint: 'the state is written again' });
  const { statuses, requests, bad } = await load.stop();
  assert.deepEqual(statuses, { 200: requests }, bad.join('\n'));
  assert.equal(await gateway.stop(), 0);
};

export const STATE_SCENES: readonly Scene[] = [
  {
    fault: 'the disk of the state folder is full',
    caller: 'the whole answer; changes are followed, and written once there is room',
    retried: 'nothing',
    blamed: 'nobody',
    play: t => playFullDisk(t, fileSizeLimit(t)),
  },
];
