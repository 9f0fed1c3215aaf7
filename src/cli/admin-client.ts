import { request } from 'undici';
import type { ProblemAnswer } from '../admin/api.ts';
import { formatHostPort, type HostPort } from '../core/values.ts';
import { CliError } from './errors.ts';

export interface AdminClient {
  get<T>(path: string): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  delete<T>(path: string): Promise<T>;
}

/** A gateway's admin API. Every failure is a CliError with the way out. */
export const adminClient = (admin: HostPort): AdminClient => {
  const address = formatHostPort({ ...admin, host: admin.host === '' ? '127.0.0.1' : admin.host });
  const call = async <T>(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> => {
    const answer = await request(`http://${address}${path}`, {
      method,
      headersTimeout: 10_000,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }).catch((error: Error) => {
      throw new CliError(
        `no gateway answers at ${address} (${error.message}); start one with "sluice dev" or "sluice gateway", or name its admin address with --admin`,
      );
    });
    const json = (await answer.body.json().catch(() => undefined)) as T | ProblemAnswer | undefined;
    if (answer.statusCode >= 200 && answer.statusCode < 300 && json !== undefined) return json as T;
    const detail = (json as ProblemAnswer | undefined)?.detail ?? 'is that a Sluice admin address?';
    const isInTheWay = answer.statusCode === 409 || answer.statusCode === 423;
    throw new CliError(`${address} answered ${answer.statusCode}: ${detail}`, isInTheWay ? 3 : 1);
  };
  return {
    get: path => call('GET', path),
    put: (path, body) => call('PUT', path, body),
    delete: path => call('DELETE', path),
  };
};
