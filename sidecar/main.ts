#!/usr/bin/env node
import { ListenError } from '../src/core/listen-error.ts';
import { ConfigError } from '../src/core/settings/settings.ts';
import { createLog } from '../src/telemetry/log.ts';
import { readConfig } from './config.ts';
import { becomeInit } from './init.ts';
import { runSidecar } from './process.ts';

/** 2 where it can't start, as it was asked or where it is; else the program's own exit code. */
const main = async (): Promise<number> => {
  const config = readConfig(process.argv.slice(2), process.env);
  if ('help' in config) {
    process.stdout.write(config.help);
    return 0;
  }
  const log = createLog({ level: config.logLevel, name: 'sluice-sidecar' });
  becomeInit(log);
  return runSidecar(config, process.env, log);
};

const complain = (error: unknown): number => {
  if (!(error instanceof ConfigError || error instanceof ListenError)) throw error;
  for (const problem of error.message.split('\n')) process.stderr.write(`sluice-sidecar: ${problem}\n`);
  return 2;
};

process.exit(await main().catch(complain));
