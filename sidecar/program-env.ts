import type { Env } from '../src/core/settings/settings.ts';
import { formatHostPort, type HostPort } from '../src/core/values.ts';

/**
 * What the program is told: its port, and the outbound proxy in the words that HTTP clients read by themselves.
 * Only `http_proxy`: what goes over TLS has its own trust and needs nothing of us.
 */
export const programEnv = (
  env: Env,
  port: number,
  outbound: HostPort,
): Record<string, string | undefined> => {
  const proxy = `http://${formatHostPort(outbound)}`;
  const except = env.no_proxy ?? env.NO_PROXY ?? 'localhost,127.0.0.1,::1';
  return {
    ...env,
    PORT: `${port}`,
    SLUICE_OUTBOUND: proxy,
    http_proxy: proxy,
    HTTP_PROXY: proxy,
    no_proxy: except,
    NO_PROXY: except,
    // Node's own fetch and http read http_proxy from 22.21 and 24.5 on, when told to.
    NODE_USE_ENV_PROXY: env.NODE_USE_ENV_PROXY ?? '1',
  };
};
