import type { Agent, Dispatcher } from 'undici';
import type { Instance } from '../src/core/model/instance.ts';
import { formatHostPort } from '../src/core/values.ts';

/**
 * For one `fetch` of a name: connects to the instance instead, and keeps the name as `Host`, in which `fetch`
 * itself has no say. A redirect to somewhere else goes there.
 *
 * @param host as the caller named it, with its port
 */
export const towards = (agent: Agent, host: string, { address, port }: Instance): Dispatcher =>
  agent.compose(dispatch => (options, handler) => {
    if (String(options.origin) !== `http://${host}`) return dispatch(options, handler);
    const origin = `http://${formatHostPort({ host: address, port })}`;
    const headers = { ...(options.headers as Record<string, string>), host };
    return dispatch({ ...options, origin, headers }, handler);
  });

interface SystemError {
  readonly code?: string;
  readonly syscall?: string;
  /** One an address, where a name has several. */
  readonly errors?: readonly SystemError[];
}

/** Why a `fetch` was rejected. With `connect_failed`, not a byte has reached the instance. */
export const codeOf = (error: unknown): 'connect_failed' | 'upstream_reset' => {
  const cause = (error as { cause?: SystemError }).cause ?? {};
  const { code, syscall } = cause.errors?.[0] ?? cause;
  const neverConnected =
    code === 'UND_ERR_CONNECT_TIMEOUT' || syscall === 'connect' || syscall === 'getaddrinfo';
  return neverConnected ? 'connect_failed' : 'upstream_reset';
};
