#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { VERSION } from '../telemetry/version.ts';
import { canaryCommand } from './canary.ts';
import { devCommand } from './dev.ts';
import { reportFailure } from './errors.ts';
import { explainCommand } from './explain.ts';
import { gatewayCommand } from './gateway.ts';
import { lintCommand } from './lint.ts';
import { routesCommand } from './routes.ts';
import { weightsCommand } from './weights.ts';

const program = new Command('sluice')
  .description('One front door for services registered in Consul.')
  .version(VERSION)
  .addHelpText(
    'after',
    `
Examples:
  sluice dev                                  a gateway with an embedded Consul agent, nothing else needed
  sluice gateway --consul 127.0.0.1:8500 --redis redis://127.0.0.1:6379
  sluice routes                               what is routed where
  sluice explain GET /orders/1                where a request would go, and why
  sluice lint                                 what is not served, and why
  sluice weights set orders v1=95 v2=5 --reason "canary"
  sluice canary start orders --to v2 --watch
"sluice COMMAND --help" has more of each.`,
  );

for (const command of [
  gatewayCommand(),
  devCommand(),
  weightsCommand(),
  canaryCommand(),
  routesCommand(),
  explainCommand(),
  lintCommand(),
]) {
  program.addCommand(command);
}

/** Commander's own refusals (unknown flag, missing argument) are misuse: exit code 2, and a way out. */
const throwOnMisuse = (command: Command): void => {
  command.exitOverride().showHelpAfterError(`(see "${path(command)} --help")`);
  command.commands.forEach(throwOnMisuse);
};
const path = (command: Command): string =>
  command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
throwOnMisuse(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = reportFailure(error, line => process.stderr.write(`${line}\n`));
}
