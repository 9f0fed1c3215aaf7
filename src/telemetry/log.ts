import { type DestinationStream, pino } from 'pino';
import { createOutput } from './output.ts';

interface Write {
  (message: string): void;
  /** @param fields what the line is about; an error goes under `err` */
  (fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What parts of Sluice may do with the process log: JSON lines on stderr, one an event. Never throws. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Which process speaks: `sluice`, `sluice-sidecar`. */
  readonly name: string;
  /** Where lines go instead of stderr. */
  readonly destination?: DestinationStream;
}

const SECRETS = ['authorization', 'cookie', 'set-cookie', 'token', 'password', 'secret', 'x-consul-token'];

/** A second line of defence: callers don't log secrets in the first place. Spelled as fields and as headers. */
const SECRET_PATHS = SECRETS.flatMap(name => [name, name.replace(/\b[a-z]/g, c => c.toUpperCase())])
  .map(name => `["${name}"]`)
  .flatMap(name => [name, `*${name}`, `*.*${name}`]);

/** Bytes of log lines that may wait for whoever reads stderr. */
const MAX_BUFFERED = 1024 * 1024;

/** The log of a process, as whoever made it has it. */
export interface ProcessLog extends Log {
  /** Lines below it are left out from now on. */
  setLevel(level: LogLevel): void;
}

export const createLog = ({ level, name, destination }: LogOptions): ProcessLog => {
  const logger = pino(
    {
      level,
      name,
      redact: { paths: SECRET_PATHS, censor: '[redacted]' },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    destination ?? createOutput(process.stderr, MAX_BUFFERED),
  );
  return Object.assign(logger, {
    setLevel: (next: LogLevel) => {
      logger.level = next;
    },
  });
};

const nothing = (): void => {};

/** For tests and for parts that run without a process around them. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
