import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A plain HTTP service that knows nothing of Sluice. */
export interface Service {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Answers `text` to everything, unless a listener is given. */
export const startService = async (answer: string | RequestListener, port = 0): Promise<Service> => {
  const server = createServer(typeof answer === 'string' ? (_req, res) => res.end(answer) : answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** Registers with the agent the way one does with curl, without a sidecar. */
export const register = async (
  consul: string,
  definition: { ID: string; Name: string; Port: number; Tags?: readonly string[]; [key: string]: unknown },
): Promise<void> => {
  const answer = await fetch(`http://${consul}/v1/agent/service/register`, {
    method: 'PUT',
    body: JSON.stringify({ Address: '127.0.0.1', ...definition }),
  });
  if (!answer.ok) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
};

export const deregister = async (consul: string, id: string): Promise<void> => {
  const answer = await fetch(`http://${consul}/v1/agent/service/deregister/${id}`, { method: 'PUT' });
  if (!answer.ok) throw new Error(`deregistration: ${answer.status} ${await answer.text()}`);
};
