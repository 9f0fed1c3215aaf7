import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOn, portOf } from '../../proxy/support/raw.ts';
import { endWithUs, mortal, onPath } from '../../support/child.ts';
import { freePorts } from '../../support/servers.ts';
import { eventually } from '../../support/wait.ts';
import { createEcho } from './echo.ts';
import { RECIPES, type Recipe } from './servers.ts';

/** A server that says how it reads a connection. */
export interface Member {
  readonly name: string;
  /** One entry a request that it has understood; a status where it refused one. */
  read(text: string): Promise<readonly string[]>;
}

export interface Panel {
  readonly members: readonly Member[];
  close(): void;
}

/** Servers whose parsers differ, as many of them as are installed; Node's own always is. */
export const startPanel = async (): Promise<Panel> => {
  const echo = createEcho();
  await listenOn(echo);
  const ends: (() => void)[] = [() => echo.close()];
  const members = [member("Node's http", portOf(echo))];
  for (const [name, recipe] of Object.entries(RECIPES)) {
    if (onPath(recipe.program) === undefined) continue;
    const { port, end } = await startServer(recipe, portOf(echo));
    members.push(member(name, port));
    ends.push(end);
  }
  const close = (): void => {
    for (const end of ends) end();
  };
  return { members, close };
};

const startServer = async (
  { program, args, config }: Recipe,
  echo: number,
): Promise<{ port: number; end(): void }> => {
  const { http: port } = await freePorts(['http']);
  const folder = mkdtempSync(join(tmpdir(), 'panel-'));
  mkdirSync(join(folder, 'logs'));
  const file = join(folder, 'config');
  writeFileSync(file, config(port, echo, folder));
  const [command, ...rest] = mortal([program, ...args(file, port)]);
  const said = openSync(join(folder, 'said'), 'w');
  const child = endWithUs(spawn(command, rest, { stdio: ['ignore', said, said] }));
  await eventually(() => answers(port), { within: 10_000, hint: `${program} listens; see ${folder}` });
  const end = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, end };
};

const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Behind whatever is read: it is understood only where all before it was. */
const END = 'GET /end HTTP/1.1\r\nHost: end.example\r\nConnection: close\r\n\r\n';

export const READ_END = '["GET","/end","end.example",0]';

const member = (name: string, port: number): Member => ({
  name,
  read: text =>
    new Promise(resolve => {
      const socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.setTimeout(4_000, () => socket.destroy());
      socket.on('data', bytes => {
        answer += bytes.toString('latin1');
      });
      socket.on('error', () => {});
      socket.once('close', () => resolve(readAnswers(answer)));
      socket.write(text + END, 'latin1');
    }),
});

const readAnswers = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.[01] ([2-9]\d\d) [\s\S]*?\r\n\r\n/g)].map(
    ([head, status = '']) => /^x-echo: (.*)$/im.exec(head)?.[1]?.trim() ?? status,
  );
