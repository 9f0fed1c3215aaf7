import { CanaryError } from '../core/canary.ts';
import type { CanaryAnswer } from './answer.ts';
import { type By, COMMANDS } from './commands.ts';
import type { Desk } from './desk.ts';
import { planOf, readDocument } from './document.ts';

/** What a gateway's admin API offers: the desk, for requests whose bodies nobody has read. */
export interface CanaryRequests extends Pick<Desk, 'list' | 'get'> {
  /** @throws ConfigError where the body is no plan */
  start(service: string, body: unknown): Promise<CanaryAnswer>;
  command(service: string, name: string, by: By): Promise<CanaryAnswer>;
}

export const requestsOf = (desk: Desk): CanaryRequests => ({
  list: desk.list,
  get: desk.get,
  start: async (service, body) => {
    const { actor = 'api', reason, ...document } = readDocument(body, 'body');
    const by = { actor, ...(reason === undefined ? {} : { reason }) };
    return desk.start(service, planOf(document, 'body'), by);
  },
  command: async (service, name, by) => {
    const command = COMMANDS.find(each => each === name);
    if (command !== undefined) return desk.command(service, command, by);
    throw new CanaryError('refused', `there is no command "${name}"; there are ${COMMANDS.join(', ')}`);
  },
});
