import { hostname } from 'node:os';
import { Command, CommanderError } from 'commander';
import {
  ConfigError,
  type Env,
  helpText,
  isSaid,
  readSettings,
  type Setting,
  type SettingSources,
  settingKey,
} from '../src/core/settings/settings.ts';
import { type ListSetting, SIDECAR_SETTINGS, type SidecarSettings, TAG_SETTINGS } from './settings.ts';
import { buildTags, readTagLists } from './tags.ts';

/** All that the sidecar process is told. Frozen. */
export interface SidecarConfig extends Omit<SidecarSettings, 'service' | 'port' | 'id'> {
  readonly service: string;
  /** The program's own port. */
  readonly port: number;
  readonly id: string;
  readonly tags: readonly string[];
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
}

const EXAMPLES = `
Examples:
  sluice-sidecar --service orders --version v2 --path /orders --port 3002 -- node app.js
  sluice-sidecar --service greeter --path /greeter.Greeter --port 50051 --proto h2c -- node greeter.js
  sluice-sidecar --service users --path /users --port 8000 --health /healthz -- python3 app.py

The program is started when its port is free, registered when it listens, and deregistered before it is
stopped. It is told PORT, http_proxy (call http://NAME.mesh/ through it) and SLUICE_OUTBOUND.

Each flag is also a variable (SLUICE_SIDECAR_SERVICE, …; lists are joined by spaces); honoured are
CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, CONSUL_HTTP_TOKEN_FILE, CONSUL_HTTP_SSL, CONSUL_CACERT,
CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY, CONSUL_TLS_SERVER_NAME, REDIS_URL, OTEL_EXPORTER_OTLP_*,
OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG and OTEL_PROPAGATORS. Flags are stronger.
`;

/** Asked for with `--help`; not an error. */
export interface Help {
  readonly help: string;
}

/**
 * Reads the command line and the environment.
 *
 * @param argv what follows the program's name
 * @throws ConfigError with every problem at once
 */
export const readConfig = (argv: readonly string[], env: Env): SidecarConfig | Help => {
  const end = argv.indexOf('--');
  const [program, ...programArgs] = end < 0 ? [] : argv.slice(end + 1);
  const problems: string[] = [];
  const line = parseLine(end < 0 ? argv : argv.slice(0, end), problems);
  if ('help' in line) return line;

  const sources: SettingSources = { said: line.said, env, nameOf: name => `--${settingKey(name)}` };
  const values = readSettings(SIDECAR_SETTINGS, sources, problems);
  const { tags, problems: tagProblems } = buildTags(
    { version: values.version, proto: values.proto, ...readTagLists(sources) },
    values.tagPrefix,
  );
  problems.push(...tagProblems);
  if (!isSaid(SIDECAR_SETTINGS, 'service', sources))
    problems.push('--service is missing: the name in the Consul catalog, e.g. --service orders');
  if (!isSaid(SIDECAR_SETTINGS, 'port', sources))
    problems.push('--port is missing: the port that the program listens on, e.g. --port 3002');
  if (program === undefined)
    problems.push('the program to run is missing: it goes last, after "--", e.g. -- node app.js');
  const { service, port } = values;
  if (problems.length > 0 || service === undefined || port === undefined || program === undefined)
    throw new ConfigError(problems);

  const config: SidecarConfig = {
    ...values,
    service,
    port,
    id: values.id ?? `${service}-${hostname()}-${port}`,
    tags,
    command: [program, ...programArgs],
  };
  return Object.freeze(config);
};

const parseLine = (argv: readonly string[], problems: string[]): Pick<SettingSources, 'said'> | Help => {
  let help = '';
  const command = new Command('sluice-sidecar')
    .usage('--service NAME --port PORT [options] -- PROGRAM [ARGUMENTS]')
    .description('Runs a program as an instance of a service: registered, checked, proxied, traced.')
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeOut: text => (help += text), writeErr: () => {} })
    .addHelpText('after', EXAMPLES);
  for (const setting of Object.values<Setting<unknown>>(SIDECAR_SETTINGS)) {
    if (setting.flag !== undefined) command.option(setting.flag, helpText(setting));
  }
  for (const { flag, help: text } of Object.values<ListSetting>(TAG_SETTINGS)) {
    command.option(flag, text, (value: string, all: string[] = []) => [...all, value]);
  }
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { help };
    problems.push(error.message.replace(/^error: /, ''));
  }
  for (const stray of command.args) {
    problems.push(
      stray.startsWith('-')
        ? `unknown option "${stray.replace(/=.*/, '')}"; see sluice-sidecar --help`
        : `unexpected "${stray}": the program goes last, after "--"`,
    );
  }
  return { said: command.opts() };
};
