import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './terminal.ts';

/** The part of the composition that the tests read, as the compose tool itself has worked it out. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly (string | { readonly host_ip?: string; readonly target: number })[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

/** Validates docker-compose.yml with the compose tool's `config`, anchors and all. */
export const readComposition = (): ReadonlyMap<string, ComposeService> => {
  const tool = execFileSync('bash', ['scripts/compose-tool.sh'], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split(' ');
  const [file = '', ...args] = [...tool, 'config'];
  const { services } = parse(execFileSync(file, args, { cwd: ROOT, encoding: 'utf8' })) as {
    services: Record<string, ComposeService>;
  };
  return new Map(Object.entries(services));
};

/** What the Dockerfile says of one stage, what it takes over from others included. */
export interface Stage {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  /** Name in /usr/local/bin -> file below /app. */
  readonly commands: ReadonlyMap<string, string>;
}

const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replace(/\\\n\s*/g, '');

export const readStage = (name: string): Stage => {
  const [, from = '', body = ''] =
    new RegExp(`^FROM (\\S+) AS ${name}\n([\\s\\S]*?)(?=^FROM |$(?![\\s\\S]))`, 'm').exec(DOCKERFILE) ?? [];
  if (from === '') throw new Error(`the Dockerfile has no stage "${name}"`);
  const base: Stage = from.includes(':')
    ? { entrypoint: [], command: [], user: 'root', commands: new Map() }
    : readStage(from);
  const list = (instruction: string, inherited: readonly string[]): readonly string[] => {
    const [, json] = new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(body) ?? [];
    return json === undefined ? inherited : (JSON.parse(json) as string[]);
  };
  const links = [...body.matchAll(/ln -s \/app\/(\S+) \/usr\/local\/bin\/(\S+)/g)];
  return {
    entrypoint: list('ENTRYPOINT', base.entrypoint),
    command: list('CMD', base.command),
    user: /^USER (\S+)$/m.exec(body)?.[1] ?? base.user,
    commands: new Map([...base.commands, ...links.map(([, file = '', link = '']) => [link, file] as const)]),
  };
};

/** What the Dockerfile copies out of the checkout and is not there, or kept away from it by .dockerignore. */
export const missingFromContext = (): string[] => {
  const copied = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files = '']) =>
    files.split(' '),
  );
  const [all, ...allowed] = readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n');
  if (all !== '*') throw new Error('.dockerignore: expected everything to be left out first');
  const patterns = allowed.map(
    line => new RegExp(`^${line.slice(1).replaceAll('.', '\\.').replace('*', '[^/]*')}(/|$)`),
  );
  return copied.filter(
    file => !existsSync(join(ROOT, file)) || !patterns.some(pattern => pattern.test(file)),
  );
};
