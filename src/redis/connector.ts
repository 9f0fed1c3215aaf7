import { createConnection, isIP, Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis } from 'ioredis';
import type { HostPort } from '../core/values.ts';
import { locate } from './locate.ts';
import type { RedisTarget } from './url.ts';

/** How long one node may take to say where the server is, in milliseconds. */
const ASK_MS = 1_000;
const DISCONNECT_MS = 200;

export interface ConnectorOptions {
  readonly target: RedisTarget;
  /** In a cluster, that of our keys. */
  readonly slot: number;
  readonly tls: ConnectionOptions | undefined;
}

/**
 * A connector for ioredis that asks Sentinels, or nodes of a cluster, for the server at each connection: to everyone
 * else one server that moves is one that restarts. All our keys are in one slot, so one connection is enough.
 */
export const locatingConnector = ({ target, slot, tls }: ConnectorOptions): (new () => AbstractConnector) =>
  class extends AbstractConnector {
    #nodes: readonly HostPort[] = target.nodes;
    #asking: Redis | undefined;

    constructor() {
      super(DISCONNECT_MS);
    }

    /** Never rejects: ioredis gives up for good then, and tries again where the stream fails. */
    override async connect(): Promise<Socket> {
      this.connecting = true;
      try {
        const { server, nodes } = await locate(target, this.#nodes, slot, (node, ...command) =>
          this.#ask(node, command),
        );
        this.#nodes = nodes;
        this.stream =
          tls === undefined || !this.connecting
            ? createConnection(server)
            : connectTls({ ...server, ...serverName(server, tls) });
        if (!this.connecting) this.stream.destroy();
        this.stream.once('error', error => {
          this.firstError = error;
        });
      } catch (error) {
        this.firstError = error instanceof Error ? error : new Error(String(error));
        this.stream = new Socket().destroy();
      }
      return this.stream;
    }

    override disconnect(): void {
      this.#asking?.disconnect();
      super.disconnect();
    }

    async #ask(node: HostPort, [command = '', ...args]: readonly string[]): Promise<unknown> {
      if (!this.connecting) throw new Error('closed');
      const client = new Redis({
        ...node,
        ...credentials(target),
        ...(tls === undefined ? {} : { tls: serverName(node, tls) }),
        lazyConnect: true,
        enableReadyCheck: false,
        retryStrategy: null,
        commandTimeout: ASK_MS,
        connectTimeout: ASK_MS,
        disconnectTimeout: DISCONNECT_MS,
      });
      // The command fails with it, which is what is told.
      client.on('error', () => {});
      this.#asking = client;
      try {
        await client.connect();
        return await client.call(command, ...args);
      } finally {
        this.#asking = undefined;
        client.disconnect();
      }
    }
  };

/** Sentinels have users of their own. */
const credentials = (target: RedisTarget): { username?: string; password?: string } => {
  const [username, password] =
    target.mode === 'sentinel'
      ? [target.sentinelUsername, target.sentinelPassword]
      : [target.username, target.password];
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
};

/** SNI takes no addresses (RFC 6066, section 3). */
export const serverName = (node: HostPort, tls: ConnectionOptions): ConnectionOptions =>
  tls.servername !== undefined || isIP(node.host) !== 0 ? tls : { ...tls, servername: node.host };
