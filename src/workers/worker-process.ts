import { fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { extname } from 'node:path';
import type { Config } from '../config.ts';
import { createGate } from '../core/decide/gate.ts';
import type { News, Telling } from '../core/limit/authority.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Certificates } from '../proxy/tls/door.ts';
import type { UpstreamCredentials } from '../proxy/upstream/tls.ts';
import { type Figure, totalOf } from '../telemetry/figures.ts';
import type { CountedVersions, Watched } from '../telemetry/version-samples.ts';
import type { Arrival } from './front.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { changesOf, NO_SNAPSHOT } from './snapshot-changes.ts';
import type { Ejected, WorkerState } from './traffic.ts';

/** One worker as the gateway sees it, from its start to its end. */
export interface WorkerProcess {
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Resolves when it has a snapshot; stays pending where it ends before. */
  readonly ready: Promise<void>;
  readonly ended: Promise<Ending>;
  readonly state: WorkerState['state'];
  /** Connections that it has, those on their way to it included. */
  readonly connections: number;
  /** The newest that it told. */
  readonly figures: readonly Figure[];
  /** As it told with the figures. */
  readonly ejected: Ejected;
  /** As it told last. */
  readonly counted: CountedVersions;
  hear(news: readonly News[]): void;
  watch(watched: readonly Watched[]): void;
  /**
   * It gets the newest as soon as it has taken in the one before. Resolves when it serves by this one or a newer one, or
   * has ended.
   */
  follow(snapshot: Snapshot): Promise<void>;
  certify(certificates: Certificates): void;
  trust(credentials: UpstreamCredentials): void;
  take(arrival: Arrival): void;
  /**
   * Asks for its figures, unless it is about to tell them anyway. Resolves when they are told, or after `within`
   * milliseconds.
   */
  refresh(within: number): Promise<void>;
  /** It serves on for `delay` milliseconds, finishes what runs, and ends; it is killed where it takes too long. */
  drain(deadline: number, delay: number): void;
  kill(): void;
  describe(worker: number): WorkerState;
}

export interface Ending {
  /** Connections that it had not taken: nothing has been read from them. */
  readonly left: readonly Arrival[];
  /** Requests that were cut as it drained; undefined where it died. */
  readonly cut: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** For what a worker does after its drain: the last spans, the last lines of the access log. Milliseconds. */
const FAREWELL = 6_000;

/** The file beside this one, as source or built. */
const SCRIPT = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** @param enter takes what has passed of rate limits into the gateway's books, as Authority.tell */
export const startWorker = (
  worker: number,
  config: Config,
  via: string,
  enter: (tellings: readonly Telling[]) => readonly number[],
): WorkerProcess => {
  const child = fork(SCRIPT, { serialization: 'advanced' });
  const since = Date.now();
  const readiness = createGate();
  /** Sent, in order, and not known to be taken. They stay open here, so that they survive the worker. */
  const onTheirWay: Arrival[] = [];
  let state: WorkerState['state'] = 'starting';
  let open = 0;
  let figures: readonly Figure[] = [];
  /** What it has told so far of the next. */
  let told: Figure[] = [];
  let isAsked = false;
  let ejected: Ejected = new Map();
  let counted: CountedVersions = new Map();
  let cut: number | undefined;
  let newest: Snapshot | undefined;
  let sent = NO_SNAPSHOT;
  let takesIn = false;
  /** Of what it has been sent, and of what is newer. */
  let isTaken = createGate();
  let newestIsTaken = createGate();
  let onFigures = createGate();
  let killTimer: NodeJS.Timeout | undefined;

  const send = (message: ToWorker, socket?: Socket): void => {
    // A worker that died is noticed by its end.
    if (child.connected) child.send(message, socket, { keepOpen: true }, () => {});
  };

  const sendNewest = (): void => {
    if (takesIn || newest === undefined || newest === sent) return;
    takesIn = true;
    isTaken = newestIsTaken;
    newestIsTaken = createGate();
    send({ kind: 'changes', changes: changesOf(sent, newest) });
    sent = newest;
  };

  const takeFigures = (): void => {
    figures = told;
    told = [];
  };

  const onMessage = (message: FromWorker): void => {
    switch (message.kind) {
      case 'follows':
        takesIn = false;
        isTaken.open();
        if (state === 'starting') state = 'serving';
        readiness.open();
        sendNewest();
        break;
      case 'connections':
        open = message.open;
        for (const { socket } of onTheirWay.splice(0, message.taken)) socket.destroy();
        break;
      case 'debits':
        send({ kind: 'owed', owed: enter(message.tellings) });
        break;
      case 'figure':
        told.push(message.figure);
        break;
      case 'counted':
        counted = message.counted;
        break;
      case 'left':
        cut = message.cut;
        takeFigures();
        break;
      case 'told':
        takeFigures();
        ejected = message.ejected;
        isAsked = false;
        onFigures.open();
        onFigures = createGate();
        break;
    }
  };

  const ended = new Promise<Ending>(resolve => {
    child.once('exit', (code, signal) => {
      clearTimeout(killTimer);
      // All that it said counts. Of a channel on which connections wait, Node emits no `disconnect`.
      const endWhenRead = (): void => {
        if (child.connected) setImmediate(endWhenRead);
        else setImmediate(() => resolve({ left: onTheirWay.splice(0), cut, code, signal }));
      };
      endWhenRead();
    });
    child.once('error', () => {
      if (child.pid === undefined) resolve({ left: [], cut, code: null, signal: null });
    });
  });

  void ended.then(() => {
    isTaken.open();
    newestIsTaken.open();
  });
  child.on('message', onMessage);
  send({ kind: 'start', config, via, worker });

  return {
    pid: child.pid ?? 0,
    since,
    ready: readiness.opened,
    ended,
    get state() {
      return state;
    },
    get connections() {
      return open + onTheirWay.length;
    },
    get figures() {
      return figures;
    },
    get ejected() {
      return ejected;
    },
    get counted() {
      return counted;
    },
    hear: news => send({ kind: 'news', news }),
    watch: watched => send({ kind: 'watch', watched }),
    follow: snapshot => {
      newest = snapshot;
      const { opened } = newestIsTaken;
      sendNewest();
      return opened;
    },
    certify: certificates => send({ kind: 'certify', certificates }),
    trust: credentials => send({ kind: 'trust', credentials }),
    take: arrival => {
      onTheirWay.push(arrival);
      send({ kind: 'connection', scheme: arrival.scheme }, arrival.socket);
    },
    refresh: async within => {
      const { opened } = onFigures;
      if (!isAsked) send({ kind: 'tell' });
      isAsked = true;
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<void>(resolve => {
        timer = setTimeout(resolve, within);
      });
      await Promise.race([opened, ended, tooLong]);
      clearTimeout(timer);
    },
    drain: (deadline, delay) => {
      if (state === 'draining') return;
      state = 'draining';
      send({ kind: 'drain', deadline, delay });
      killTimer = setTimeout(() => child.kill('SIGKILL'), deadline + delay + FAREWELL);
    },
    kill: () => {
      child.kill('SIGKILL');
    },
    describe: place => ({
      worker: place,
      pid: child.pid ?? 0,
      since,
      state,
      connections: open + onTheirWay.length,
      requests: totalOf(figures, 'sluice_requests_total'),
      requestsInFlight: totalOf(figures, 'sluice_requests_in_flight'),
    }),
  };
};
