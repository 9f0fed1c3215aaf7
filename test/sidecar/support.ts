import { join } from 'node:path';
import { type LogLine, ROOT, startNode } from '../support/child.ts';
import { freePorts } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

/** Plain programs that know nothing of Sluice. */
export const NODE_APP = [process.execPath, 'test/sidecar/programs/app.mjs'] as const;
export const PYTHON_APP = ['python3', 'test/sidecar/programs/app.py'] as const;

export interface RunningSidecar {
  readonly pid: number;
  /** The program's own port. */
  readonly port: number;
  /** What it and its program have printed. */
  output(): string;
  /** Waits for a line of the process log. */
  said(message: string | RegExp): Promise<LogLine>;
  /** `http://127.0.0.1:PORT`, when it is there. */
  inbound(): Promise<string>;
  outbound(): Promise<URL>;
  /** The exit code, 128 + n for signals. */
  readonly exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, unless it has ended; then its end. */
  stop(): Promise<number>;
}

export interface SidecarOptions {
  readonly service?: string;
  readonly consul: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** `sluice-sidecar` as a real process, in a process group of its own, beside a program on a free port. */
export const startSidecar = async (options: SidecarOptions): Promise<RunningSidecar> => {
  const { service = 'orders', consul, args = [], command = NODE_APP, env = {} } = options;
  const { port } = await freePorts(['port']);
  const flags = ['--service', service, '--port', `${port}`, '--consul', consul, '--drain', '300ms', ...args];
  const sidecar = startNode([...MAIN, ...flags, '--', ...command], { env, detached: true, end: 'exit' });
  const output = (): string => sidecar.stdout() + sidecar.stderr();
  const said = (message: string | RegExp): Promise<LogLine> =>
    eventually(() => sidecar.log().find(line => matches(line.msg, message)), {
      within: 10_000,
      hint: () => `the sidecar says ${message}; it said: ${output()}`,
    });
  return {
    pid: sidecar.pid,
    port,
    output,
    said,
    inbound: async () => {
      const { inbound } = await said('requests for the program come in here');
      return `http://127.0.0.1:${String(inbound).split(':').pop()}`;
    },
    outbound: async () => {
      const { outbound } = await said('the program calls NAME.mesh through here');
      return new URL(`http://${String(outbound)}`);
    },
    exited: sidecar.exited,
    kill: sidecar.signal,
    stop: () => sidecar.stop(),
  };
};

/** What Node needs to run the sidecar from its sources. */
export const MAIN = ['--import', 'tsx', join(ROOT, 'sidecar/main.ts')];

const matches = (text: string | undefined, wanted: string | RegExp): boolean =>
  text !== undefined && (typeof wanted === 'string' ? text === wanted : wanted.test(text));

export interface Entry {
  readonly Service: { ID: string; Address: string; Port: number; Tags: readonly string[] | null };
  readonly Checks: readonly { CheckID: string; Status: string }[];
}

/** What Consul says of a service. */
export const entriesOf = async (consul: string, service: string): Promise<readonly Entry[]> => {
  const answer = await fetch(`http://${consul}/v1/health/service/${service}`);
  return (await answer.json()) as readonly Entry[];
};

/** The status of the own check of the one instance of a service; undefined where it is not registered. */
export const statusOf = async (consul: string, service: string): Promise<string | undefined> => {
  const [entry] = await entriesOf(consul, service);
  return entry?.Checks.find(check => check.CheckID.startsWith('sluice:'))?.Status;
};

export const isPassing = async (consul: string, service: string): Promise<boolean> =>
  (await statusOf(consul, service)) === 'passing';
