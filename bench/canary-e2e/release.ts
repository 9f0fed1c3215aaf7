import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../../test/support/child.ts';
import { register } from '../../test/support/service.ts';

/** How a version answers. */
export interface Behaviour {
  /** Half of its answers take longer, milliseconds; one in a hundred three times as long. */
  readonly median: number;
  /** One of so many is a 500; absent: none. */
  readonly failsEvery?: number;
}

/** What a version has answered. */
export interface Counted {
  readonly requests: number;
  readonly errors: number;
  /** When its 500th request came, epoch milliseconds. */
  readonly at500?: number | undefined;
}

/** A version of a service that runs and is registered. */
export interface Version {
  counted(): Promise<Counted>;
  stop(): void;
}

const SERVICE = fileURLToPath(new URL('service.ts', import.meta.url));

export const startVersion = async (
  consul: string,
  name: string,
  version: string,
  { median, failsEvery = 0 }: Behaviour,
): Promise<Version> => {
  const child = endWithUs(
    fork(SERVICE, [version, `${median}`, `${failsEvery}`], {
      execArgv: ['--import', 'tsx'],
      detached: true,
    }),
  );
  const [port] = (await once(child, 'message')) as [number];
  const tags = [`path=/${name}`, `version=${version}`];
  await register(consul, { ID: `${name}-${version}`, Name: name, Port: port, Tags: tags });
  return {
    counted: async () => {
      const answer = once(child, 'message');
      child.send('counted');
      const [counted] = (await answer) as [Counted];
      return counted;
    },
    stop: () => void child.kill('SIGKILL'),
  };
};
