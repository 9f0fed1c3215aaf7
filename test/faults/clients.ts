import type { ErrorCode } from '../../src/core/errors.ts';
import type { RawClient } from '../proxy/support/raw.ts';
import { codeText, type Row, timeoutText } from './row.ts';
import type { Instance } from './support/instances.ts';
import { healthy, type Open, scripted, writes } from './support/instances.ts';

/** A fault of the caller. Whatever it is, no instance is to blame and nothing is retried. */
export interface ClientFault {
  readonly fault: string;
  readonly instance: Open;
  /** Plays the caller. `seen` waits until the instance has the request. */
  readonly play: (client: RawClient, instance: Instance) => Promise<void>;
  /** The code of the problem that the caller gets; undefined where it gets none. */
  readonly sees?: ErrorCode;
  /** As metrics, spans and the access log have it. */
  readonly recorded: { readonly status: number; readonly error?: ErrorCode; readonly cut?: true };
  readonly after?: keyof typeof TIMEOUTS;
  /** Whether an instance gets anything of the request. */
  readonly reaches: boolean;
}

/** Milliseconds. */
export const TIMEOUTS = { requestHead: 100, clientStall: 100 } as const;

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
/** Larger than what is kept, so it is passed on as it comes. */
const UPLOAD = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\nhalf';
const SMALL_UPLOAD = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf';
const CHUNKED_UPLOAD = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';

const silent = scripted(() => {});
const endless = scripted(socket => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
  const more = (): void => {
    while (!socket.destroyed && socket.write('x'.repeat(64 * 1024)));
  };
  socket.on('drain', more);
  more();
});
const begun = scripted(writes('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'));

export const CLIENT_FAULTS: readonly ClientFault[] = [
  {
    fault: 'the caller leaves before the answer',
    instance: silent,
    play: async (client, instance) => {
      client.send(GET);
      await instance.asked();
      client.socket.destroy();
    },
    recorded: { status: 499 },
    reaches: true,
  },
  {
    fault: 'the caller closes its side (FIN) before the answer',
    instance: silent,
    play: async (client, instance) => {
      client.send(GET);
      await instance.asked();
      client.socket.end();
    },
    recorded: { status: 499 },
    reaches: true,
  },
  {
    fault: 'the caller leaves in the middle of the answer',
    instance: begun,
    play: async client => {
      client.send(GET);
      await client.until(/half/);
      client.socket.resetAndDestroy();
    },
    recorded: { status: 200, cut: true },
    reaches: true,
  },
  {
    fault: 'the caller leaves in the middle of an upload',
    instance: silent,
    play: async (client, instance) => {
      client.send(UPLOAD);
      await instance.asked();
      client.socket.destroy();
    },
    recorded: { status: 499 },
    reaches: true,
  },
  {
    fault: 'the caller sends half of a small upload and no more',
    instance: healthy,
    play: async client => client.send(SMALL_UPLOAD),
    sees: 'request_timeout',
    after: 'clientStall',
    recorded: { status: 408, error: 'request_timeout' },
    reaches: false,
  },
  {
    fault: 'the caller sends half of a large upload and no more',
    instance: silent,
    play: async client => client.send(UPLOAD),
    sees: 'request_timeout',
    after: 'clientStall',
    recorded: { status: 408, error: 'request_timeout' },
    reaches: true,
  },
  {
    fault: 'the caller sends garbage in the middle of an upload',
    instance: silent,
    play: async (client, instance) => {
      client.send(CHUNKED_UPLOAD);
      await instance.asked();
      client.send('garbage\r\n');
    },
    sees: 'bad_request',
    recorded: { status: 400, error: 'bad_request' },
    reaches: true,
  },
  {
    fault: 'the caller does not take the answer',
    instance: endless,
    play: async client => {
      client.socket.pause();
      client.send(GET);
    },
    after: 'clientStall',
    recorded: { status: 200, error: 'request_timeout', cut: true },
    reaches: true,
  },
];

const callerText = ({ sees, recorded }: ClientFault): string => {
  if (sees !== undefined) return codeText(sees);
  return recorded.cut === true ? 'the answer, cut' : `nothing; ${recorded.status} in records`;
};

export const clientRow = (row: ClientFault): Row => ({
  fault: row.fault,
  caller: callerText(row) + (row.after === undefined ? '' : timeoutText(row.after)),
  retried: row.reaches ? 'nothing; the attempt is aborted' : 'nothing; no instance is asked',
  blamed: 'nobody',
});
