import { Command } from 'commander';
import type { Config } from '../config.ts';
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
      const read = (): Config => {
        const given = configOf(command);
        return redisIsConfigured(command) ? given : { ...given, redis: 'off' };
      };
      const config = read();
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
      // A port of 0 has become one by now; said otherwise, it waits for a restart.
      const located = (said: Config): Config =>
        said.consul === config.consul ? { ...said, consul: agent.address } : said;
      await runGateway({
        config: located(config),
        read: () => located(read()),
        log,
        alsoStop: () => agent.stop(),
      });
    });
