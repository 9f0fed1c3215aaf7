import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { mortal } from '../support/child.ts';
import { freePorts } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { MAIN, NODE_APP } from './support.ts';

/** Whether this Node can turn its first process into another program. */
const CAN_REAP = 'execve' in process;

/** Everyone may be root of a user namespace of his own. */
const AS_ROOT = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];

const namespaces: ChildProcess[] = [];
after(() => {
  for (const namespace of namespaces) namespace.kill('SIGKILL');
});

/** A container as the kernel makes it: the sidecar is process 1 of a PID namespace of its own. */
const startFirstProcess = async (command: readonly string[]) => {
  const { port } = await freePorts(['port']);
  const flags = ['--service', 'first', '--port', `${port}`, '--consul', '127.0.0.1:1', '--drain', '0ms'];
  const unshare = ['unshare', ...AS_ROOT, '--pid', '--fork', '--mount-proc', '--kill-child'] as const;
  const [file, ...args] = mortal([...unshare, process.execPath, ...MAIN, ...flags, '--', ...command]);
  const namespace = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  namespaces.push(namespace);
  let output = '';
  for (const stream of [namespace.stdout, namespace.stderr]) {
    stream.setEncoding('utf8').on('data', chunk => {
      output += chunk;
    });
  }
  const exited = once(namespace, 'exit').then(([code]) => code as number | null);
  const [first] = await eventually(() => childrenOf(namespace.pid ?? 0), {
    within: 5_000,
    hint: 'process 1',
  });
  return {
    first: first?.pid ?? 0,
    output: () => output,
    exited,
    says: (text: string) =>
      eventually(() => output.includes(text), { within: 10_000, hint: `"${text}" in: ${output}` }),
  };
};

const childrenOf = (parent: number) => {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const children = rows
    .map(row => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row))
    .filter(found => Number(found?.[2]) === parent)
    .map(found => ({ pid: Number(found?.[1]), args: found?.[3] ?? '' }));
  return children.length === 0 ? undefined : children;
};

/** Starts a grandchild, leaves it to process 1, and goes on as the program. */
const WITH_ORPHAN = ['sh', '-c', `(sleep 61 &); exec ${NODE_APP.join(' ')}`];

describe("a sidecar that is a container's first process", { concurrency: 2 }, () => {
  it('passes signals on, leaves in order and ends with the exit code of the program', async () => {
    const container = await startFirstProcess(NODE_APP);
    await container.says('requests for the program come in here');
    process.kill(container.first, 'SIGHUP');
    await container.says('app got SIGHUP');
    process.kill(container.first, 'SIGTERM');
    assert.equal(await container.exited, 0);
    assert.match(container.output(), /app got SIGTERM/);
  });

  const name = CAN_REAP ? 'collects orphans' : 'says that this Node leaves zombies, and what to do';
  it(name, async () => {
    const container = await startFirstProcess(WITH_ORPHAN);
    await container.says('requests for the program come in here');
    if (!CAN_REAP) {
      await container.says('use Node 22.15 or later with a shell, \\"docker run --init\\", or tini');
      return;
    }
    const orphan = await eventually(
      () => childrenOf(container.first)?.find(({ args }) => args === 'sleep 61'),
      { within: 5_000, hint: 'the orphan belongs to process 1' },
    );
    process.kill(orphan.pid, 'SIGKILL');
    await eventually(() => !childrenOf(container.first)?.some(({ pid }) => pid === orphan.pid), {
      within: 5_000,
      hint: 'nothing is left of the orphan, not even a zombie',
    });
  });
});
