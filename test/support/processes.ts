import { join } from 'node:path';
import { type ProcessOptions, ROOT, type RunningProcess, startNode } from './child.ts';
import { eventually } from './wait.ts';

export type { RunningProcess } from './child.ts';

/** @param script from the root of the repository, e.g. `dist/src/cli/main.js` */
export const run = (script: string, args: readonly string[], options: ProcessOptions = {}): RunningProcess =>
  startNode([join(ROOT, script), ...args], options);

export interface RunningGateway extends RunningProcess {
  /** `http://127.0.0.1:PORT` of the admin API. */
  readonly admin: string;
  /** `http://127.0.0.1:PORT` of the traffic port; waits until it serves. */
  serving(within?: number): Promise<string>;
}

/** `sluice gateway` (or another command that prints the same) on free ports. */
export const runGateway = async (
  args: readonly string[],
  { env = {}, command = 'gateway' }: { env?: Readonly<Record<string, string>>; command?: string } = {},
): Promise<RunningGateway> => {
  const ports = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
  const gateway = run('dist/src/cli/main.js', [command, ...ports, ...args], { env });
  let ended = false;
  void gateway.exited.then(() => {
    ended = true;
  });
  const field = (name: string, within: number): Promise<string> =>
    eventually(
      () => {
        if (ended) throw new Error(`the gateway ended: ${gateway.stderr()}`);
        const value = gateway.log().find(line => typeof line[name] === 'string')?.[name];
        return value === undefined ? undefined : `http://${String(value)}`;
      },
      { within, hint: () => `the gateway says "${name}"; it said: ${gateway.stderr().slice(-500)}` },
    );
  const admin = await field('admin', 15_000);
  return { ...gateway, admin, serving: (within = 15_000) => field('listen', within) };
};
