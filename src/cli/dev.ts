import { Command } from 'commander';
import { readHostPort } from '../core/values.ts';
import { createLog } from '../telemetry/log.ts';
import { CliError } from './errors.ts';
import { cannotListen, runGateway } from './gateway.ts';
import { addSettings, configOf, redisIsConfigured, settingsWithoutFlags } from './options.ts';

export const devCommand = (): Command =>
  addSettings(new Command('dev'))
    .description('run a gateway with an embedded Consul-compatible agent (at --consul) and weights in memory')
    .addHelpText(
      'after',
      `
${settingsWithoutFlags()}

Examples:
  sluice dev
  curl -X PUT 127.0.0.1:8500/v1/agent/service/register -d '{"Name": "hello", "Port": 3000, "Tags": ["path=/"]}'
  sluice weights set hello v1=95 v2=5`,
    )
    .action(async (_options: unknown, command: Command) => {
      const given = configOf(command);
      const config = redisIsConfigured(command) ? given : { ...given, redis: 'off' };
      const listen = readHostPort(config.consul);
      if (listen === undefined) {
        throw new CliError(
          `--consul "${config.consul}": the embedded agent listens there, so give it as host:port`,
          2,
        );
      }
      const log = createLog({ level: config.logLevel, name: 'sluice' });
      const { startEmbeddedAgent } = await import('../embedded/agent.ts');
      const agent = await startEmbeddedAgent({ listen, log }).catch((error: unknown) =>
        cannotListen(error, '--consul'),
      );
      log.info({ consul: agent.address }, 'the embedded agent is up');
      await runGateway({ ...config, consul: agent.address }, log, () => agent.stop());
    });
