import { Agent, request } from 'undici';

export interface CatalogSize {
  readonly services: number;
  /** Of each service. */
  readonly instances: number;
}

export type CheckStatus = 'passing' | 'warning' | 'critical';

/** One instance as it is put straight into the catalog: an agent would take 10 ms for each. */
export interface Entry {
  readonly service: string;
  readonly number: number;
  readonly port: number;
  readonly status: CheckStatus;
}

/** A real Consul's catalog, written to directly. */
export interface CatalogWriter {
  /** `service-0` … with its instances, each with a node and a check of its own. */
  fill(size: CatalogSize, port: number): Promise<void>;
  put(entry: Entry): Promise<void>;
  remove(entry: Pick<Entry, 'service' | 'number'>): Promise<void>;
  close(): Promise<void>;
}

const AT_ONCE = 32;

export const serviceName = (i: number): string => `service-${i}`;

export const openCatalog = (consul: string): CatalogWriter => {
  const agent = new Agent({ connections: AT_ONCE, pipelining: 1 });

  const send = async (path: string, body: object): Promise<void> => {
    const answer = await request(`http://${consul}/v1/catalog/${path}`, {
      method: 'PUT',
      dispatcher: agent,
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`the catalog answered ${answer.statusCode}: ${text}`);
  };

  const put: CatalogWriter['put'] = ({ service, number, port, status }) => {
    const id = `${service}-${number}`;
    return send('register', {
      Node: `node-of-${id}`,
      Address: '127.0.0.1',
      Service: { ID: id, Service: service, Address: '127.0.0.1', Port: port, Tags: tagsOf(service) },
      Check: { CheckID: `check-${id}`, Name: `${service} is well`, Status: status, ServiceID: id },
    });
  };

  return {
    put,
    fill: async ({ services, instances }, port) => {
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < services * instances) {
          const at = next;
          next += 1;
          const [service, number] = [serviceName(at % services), Math.floor(at / services)];
          await put({ service, number, port, status: 'passing' });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    },
    remove: ({ service, number }) => send('deregister', { Node: `node-of-${service}-${number}` }),
    close: () => agent.close(),
  };
};

const tagsOf = (service: string): string[] => [
  `path=/${service}`,
  'version=v1',
  'team=checkout',
  'commit=0b5fe1c',
];
