import { existsSync } from 'node:fs';
import type { Log } from '../src/telemetry/log.ts';

/**
 * A container's first process inherits every orphan and must wait for it, or it stays a zombie for good. Node
 * waits for its own children only and has no way to ask for others (libuv calls waitpid with one pid), so the
 * first process becomes a shell: its `wait` collects whatever ends. It starts the sidecar as its child, passes
 * signals on and ends with its exit code.
 *
 * `<&0` undoes the /dev/null that a shell gives to background commands. A `wait` that a signal cut short is
 * told from one that is over by whether the child is still there.
 */
const INIT = `
for s in HUP INT QUIT USR1 USR2 TERM WINCH; do trap "kill -$s \\$child 2>/dev/null" $s; done
"$@" <&0 &
child=$!
while wait $child; status=$?; kill -0 $child 2>/dev/null; do :; done
exit $status
`;

/** In the types from Node 22.15 on. Aborts the process where the file is not there. */
type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

const SHELL = '/bin/sh';

/**
 * Makes the first process of a container one that reaps. Does not return when it has replaced this process;
 * the sidecar then runs again as its child. Where it can't, it says so and the sidecar goes on.
 */
export const becomeInit = (log: Log): void => {
  if (process.pid !== 1) return;
  const { execve } = process as { execve?: Execve };
  if (execve === undefined || !existsSync(SHELL)) {
    const lack = execve === undefined ? `Node ${process.versions.node}` : `a system without ${SHELL}`;
    log.warn(
      `orphaned processes stay behind as zombies: as a container's first process, ${lack} cannot collect them; ` +
        'use Node 22.15 or later with a shell, "docker run --init", or tini as the entry point',
    );
    return;
  }
  const sidecar = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  execve(SHELL, ['sh', '-c', INIT, 'sluice-init', ...sidecar], process.env);
};
