import { Command } from 'commander';
import type { Config } from '../config.ts';
import { ListenError } from '../core/listen-error.ts';
import { createLog, type Log, type ProcessLog } from '../telemetry/log.ts';
import { CliError } from './errors.ts';
import { addSettings, configOf, settingsWithoutFlags } from './options.ts';

export const gatewayCommand = (): Command =>
  addSettings(new Command('gateway'))
    .description('run a gateway: follows Consul, takes weights from Redis, serves traffic')
    .addHelpText(
      'after',
      `
${settingsWithoutFlags()}

Examples:
  sluice gateway                              Consul at 127.0.0.1:8500, Redis at 127.0.0.1:6379
  sluice gateway --listen :80 --consul consul.internal:8500 --redis rediss://user:password@redis.internal:6380
  sluice gateway --redis off --otlp http://127.0.0.1:4318

SIGTERM and SIGINT drain: no new connections, what runs may finish (--drain), exit code 0.
SIGHUP reads the settings again (a bad file changes nothing) and replaces the processes of --workers one by one.`,
    )
    .action(async (_options: unknown, command: Command) => {
      const config = configOf(command);
      const log = createLog({ level: config.logLevel, name: 'sluice' });
      await runGateway({ config, read: () => configOf(command), log, alsoStop: async () => {} });
    });

export interface GatewayRun {
  readonly config: Config;
  /** Reads the settings again (SIGHUP). Throws ConfigError. */
  readonly read: () => Config;
  readonly log: ProcessLog;
  /** Closes what else there is, after the gateway. */
  readonly alsoStop: () => Promise<void>;
}

/**
 * Runs until a signal has drained it.
 *
 * @throws CliError (2) where a port can't be had
 */
export const runGateway = async ({ config, read, log, alsoStop }: GatewayRun): Promise<void> => {
  // From the first moment on: a signal that comes while it starts is to be heard, too.
  const signalled = untilSignal(log);
  const hangUps = createHangUps();
  const { startGateway } = await import('../gateway.ts');
  try {
    const gateway = await startGateway(config, log).catch((error: unknown) => cannotListen(error, '--admin'));
    hangUps.serve(() => log.setLevel(gateway.reload(read).logLevel));
    try {
      await Promise.race([gateway.serving, signalled]);
      await signalled;
    } catch (error) {
      cannotListen(error, '--listen');
    } finally {
      await gateway.stop();
    }
  } finally {
    await alsoStop();
  }
  // An OTLP receiver that is away leaves the exporter's retries behind, which would hold the process for seconds.
  process.exit(0);
};

/** SIGHUP, from the first moment on: one that comes while the gateway starts is served once it is there. */
const createHangUps = (): { serve(handle: () => void): void } => {
  let came = false;
  let onHangUp = (): void => {
    came = true;
  };
  process.on('SIGHUP', () => onHangUp());
  return {
    serve: handle => {
      onHangUp = handle;
      if (came) handle();
    },
  };
};

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
const untilSignal = (log: Log): Promise<void> =>
  new Promise(resolve => {
    let isFirst = true;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (!isFirst) {
        log.warn({ signal }, 'a second signal: stopping at once');
        process.exit(1);
      }
      isFirst = false;
      log.info({ signal }, 'stopping; a second signal stops at once');
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });

/** Names the flag that chose the address; any other failure goes on as it is. */
export const cannotListen = (error: unknown, flag: string): never => {
  throw error instanceof ListenError ? new CliError(`${flag}: ${error.message}`, 2) : error;
};
