import type { ErrorCode } from '../../src/core/errors.ts';
import { codeText, type Row, timeoutText } from './row.ts';
import { drips, full, OK, type Open, refused, scripted, writes } from './support/instances.ts';

/** A fault on the connection between the gateway and one instance. */
export interface WireFault {
  readonly fault: string;
  /** Opens an instance that has it. */
  readonly instance: Open;
  /** What the caller gets where there is no other instance: the whole answer, its beginning, the instance's own answer
   * with this status, or a problem. */
  readonly sees: 'whole' | 'cut' | number | ErrorCode;
  /** The time-out that it takes. */
  readonly after?: keyof typeof TIMEOUTS;
  /** The time-out that it must not take. */
  readonly within?: keyof typeof TIMEOUTS;
  /** Which requests go to another instance, where there is one. */
  readonly again: 'all' | 'idempotent' | 'none';
  readonly isBlamed: boolean;
}

/** Milliseconds; short, so that rows are quick, and each in force only for the rows that name it. */
export const TIMEOUTS = { connect: 100, responseHead: 150, responseStall: 400 } as const;

const BEGUN = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf';
const BEGUN_CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';
const BEGUN_ENDLESS = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf';

function* endless(piece: string): Generator<string> {
  for (;;) yield piece;
}

/** An answer that is no answer: nobody knows what was done. */
const bad = (fault: string, answer: string): WireFault => ({
  fault,
  instance: scripted(writes(answer)),
  sees: 'bad_response',
  again: 'idempotent',
  isBlamed: true,
});

const cut = (fault: string, begun: string, onward: Parameters<typeof scripted>[1]): WireFault => ({
  fault,
  instance: scripted(writes(begun), onward),
  sees: 'cut',
  again: 'none',
  isBlamed: true,
});

/** @param more of its head */
const answers = (
  status: number,
  again: WireFault['again'],
  isBlamed: boolean,
  more: { readonly fault: string; readonly field: string } = { fault: '', field: '' },
): WireFault => ({
  fault: `answers ${status}${more.fault}`,
  instance: scripted(writes(`HTTP/1.1 ${status} Oh\r\n${more.field}Content-Length: 7\r\n\r\nits own`)),
  sees: status,
  again,
  isBlamed,
});

export const WIRE_FAULTS: readonly WireFault[] = [
  { fault: 'connection refused', instance: refused, sees: 'connect_failed', again: 'all', isBlamed: true },
  {
    fault: 'connecting hangs',
    instance: full,
    sees: 'connect_failed',
    after: 'connect',
    again: 'all',
    isBlamed: true,
  },
  {
    fault: 'reset before the head',
    instance: scripted(socket => socket.resetAndDestroy()),
    sees: 'upstream_reset',
    again: 'idempotent',
    isBlamed: true,
  },
  {
    fault: 'closed (FIN) after the request, without an answer',
    instance: scripted(socket => socket.end()),
    sees: 'upstream_reset',
    again: 'idempotent',
    isBlamed: true,
  },
  {
    fault: 'closed (FIN) in the middle of the head',
    instance: scripted(socket => socket.end('HTTP/1.1 200 OK\r\nContent-Le')),
    sees: 'upstream_reset',
    again: 'idempotent',
    isBlamed: true,
  },
  {
    fault: 'hangs before the head',
    instance: scripted(() => {}),
    sees: 'upstream_timeout',
    after: 'responseHead',
    again: 'none',
    isBlamed: true,
  },
  {
    fault: 'a head that drips and never ends',
    instance: scripted(socket => {
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
      drips(endless('x'), 10)(socket);
    }),
    sees: 'upstream_timeout',
    after: 'responseHead',
    again: 'none',
    isBlamed: true,
  },
  cut('reset in the middle of a body of known length', BEGUN, socket => socket.resetAndDestroy()),
  cut('reset in the middle of a chunked body', BEGUN_CHUNKED, socket => socket.resetAndDestroy()),
  cut('reset in the middle of a body that the end of the connection delimits', BEGUN_ENDLESS, socket =>
    socket.resetAndDestroy(),
  ),
  cut('closed (FIN) in the middle of a body of known length', BEGUN, socket => socket.end()),
  cut('closed (FIN) in the middle of a chunked body', BEGUN_CHUNKED, socket => socket.end()),
  cut('garbage in the middle of a chunked body', BEGUN_CHUNKED, writes('garbage\r\n')),
  { ...cut('hangs in the middle of the body', BEGUN, () => {}), after: 'responseStall' },
  bad('garbage instead of a head', 'SSH-2.0-OpenSSH_9.2\r\n'),
  bad('two lengths in the head', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nwhole'),
  bad(
    'both a length and chunks in the head',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n',
  ),
  bad('a header bomb', `HTTP/1.1 200 OK\r\n${'X-Bomb: boom\r\n'.repeat(20_000)}\r\n`),
  bad(
    'an upgrade that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  ),
  answers(500, 'none', true),
  answers(502, 'idempotent', true),
  answers(503, 'idempotent', true),
  answers(503, 'idempotent', false, { fault: ' with `Retry-After`', field: 'Retry-After: 3\r\n' }),
  answers(504, 'none', true),
  answers(404, 'none', false),
  answers(501, 'none', false),
  {
    fault: 'interim answers (1xx) that nobody asked for',
    instance: scripted(writes(`${'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(3)}${OK}`)),
    sees: 'whole',
    again: 'none',
    isBlamed: false,
  },
  {
    fault: 'a body that drips without ever resting for long',
    instance: scripted(socket => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
      drips('whole', TIMEOUTS.responseStall / 4)(socket);
    }),
    within: 'responseStall',
    sees: 'whole',
    again: 'none',
    isBlamed: false,
  },
  {
    fault: 'closed (FIN) at the end of a body that the end of the connection delimits',
    instance: scripted(socket => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole')),
    sees: 'whole',
    again: 'none',
    isBlamed: false,
  },
];

const AGAIN: Readonly<Record<WireFault['again'], string>> = {
  all: 'every method',
  idempotent: 'idempotent methods',
  none: 'nothing',
};

const seesText = (sees: WireFault['sees']): string => {
  if (typeof sees === 'number') return `the instance's own ${sees}`;
  if (sees === 'whole') return 'the whole answer';
  return sees === 'cut' ? 'the answer, cut' : codeText(sees);
};

export const wireRow = ({ fault, sees, after, again, isBlamed }: WireFault): Row => ({
  fault,
  caller: seesText(sees) + (after === undefined ? '' : timeoutText(after)),
  retried: AGAIN[again],
  blamed: isBlamed ? 'the instance' : 'nobody',
});
