import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../test/support/servers.ts';
import { startProgram } from '../programs.ts';
import type { Peer } from './peer.ts';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A proxy of npm's, in a program of a few lines; bench/peers/npm/package.json pins it. */
const nodePeer = (name: string, program: string, args: readonly string[], about: string): Peer => {
  const manifest = here(`npm/node_modules/${name}/package.json`);
  return {
    name,
    about,
    missing: () => (existsSync(manifest) ? undefined : 'not installed: run `bash bench/setup.sh`'),
    version: () => (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version,
    start: async ({ upstream }) => {
      const { port } = await freePorts(['port']);
      const targets = [upstream.ports[0], upstream.echoPort].map(target => `http://127.0.0.1:${target}`);
      const running = await startProgram({
        name,
        command: [process.execPath, here(`npm/${program}`), ...args, `${port}`, ...targets],
        port,
      });
      return { ...running, port, echoPort: port };
    },
  };
};

export const httpProxyPeer = nodePeer(
  'http-proxy',
  'http-proxy.mjs',
  ['http-proxy'],
  'bare, with a keep-alive agent',
);

export const httpProxy3Peer = nodePeer(
  'http-proxy-3',
  'http-proxy.mjs',
  ['http-proxy-3'],
  'bare, with a keep-alive agent',
);

export const fastifyPeer = nodePeer(
  '@fastify/http-proxy',
  'fastify.mjs',
  [],
  'with 256 upstream connections instead of 128',
);
