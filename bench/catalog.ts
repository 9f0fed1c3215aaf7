import { register } from '../test/support/service.ts';
import { RULE_SERVICES, RULES } from './rule-path.ts';

/**
 * One service for everything in two versions, and the echo.
 * @returns how many rules that makes
 */
export const registerWeb = async (
  consul: string,
  [first, second]: readonly [number, number],
  echoPort: number,
): Promise<number> => {
  await register(consul, { ID: 'web-1', Name: 'web', Port: first, Tags: ['path=/', 'version=v1'] });
  await register(consul, { ID: 'web-2', Name: 'web', Port: second, Tags: ['path=/', 'version=v2'] });
  await register(consul, { ID: 'echo-1', Name: 'echo', Port: echoPort, Tags: ['path=/ws'] });
  return 2;
};

/**
 * Many services with many paths each; the agent would take 10 ms for each, the catalog takes them at once.
 * @returns how many rules that makes
 */
export const registerRules = async (consul: string, port: number): Promise<number> => {
  const paths = RULES / RULE_SERVICES;
  const services = Array.from({ length: RULE_SERVICES }, (_, s) => ({
    Node: `node-${s}`,
    Address: '127.0.0.1',
    Service: {
      ID: `s${s}-1`,
      Service: `s${s}`,
      Address: '127.0.0.1',
      Port: port,
      Tags: Array.from({ length: paths }, (_, p) => `path=/s${s}/p${p}`),
    },
  }));
  for (const body of services) {
    const answer = await fetch(`http://${consul}/v1/catalog/register`, {
      method: 'PUT',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`the catalog took no service: ${answer.status} ${await answer.text()}`);
  }
  return RULES;
};
