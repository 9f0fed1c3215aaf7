import assert from 'node:assert/strict';
import { get, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import type { AdminParts } from '../../src/admin/parts.ts';
import { MOST_SCRAPES } from '../../src/admin/routes.ts';
import { startAdmin } from '../../src/admin/server.ts';
import { openDesk } from '../../src/canary/desk.ts';
import { openMemoryBoard } from '../../src/canary/memory-board.ts';
import { requestsOf } from '../../src/canary/requests.ts';
import { Where } from '../../src/core/model/where.ts';
import { type Figures, joinFigures } from '../../src/telemetry/figures.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { createPace, type Pace } from '../../src/telemetry/pace.ts';
import { renderFigures } from '../../src/telemetry/render.ts';
import { openMemoryStore } from '../../src/weights/memory-store.ts';
import { eventually } from '../support/wait.ts';
import { readPage } from '../telemetry/support/scrape.ts';

/** @returns the URL of an admin port with this page, closed with the test */
const serve = async (t: TestContext, metrics: AdminParts['metrics']): Promise<string> => {
  const weights = openMemoryStore({ log: silentLog });
  const parts: AdminParts = {
    version: '0',
    startedAt: 0,
    now: () => 0,
    isReady: () => true,
    isDraining: () => false,
    snapshot: () => undefined,
    ejected: async () => new Map(),
    explain: () => assert.fail('nobody asks'),
    consul: () => ({ state: 'up', since: 0 }),
    release: () => ({ instances: 0, documents: 0 }),
    metrics,
    workers: () => undefined,
    weights,
    canaries: requestsOf(openDesk(openMemoryBoard())),
    state: () => undefined,
    config: () => ({ revision: 1, loadedAt: 0, problems: [], waiting: [] }),
  };
  const admin = await startAdmin({ host: '127.0.0.1', port: 0 }, parts, silentLog);
  t.after(async () => {
    await admin.close();
    await weights.close();
  });
  return `http://${admin.address}/metrics`;
};

const ask = (url: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => get(url, { agent: false }, resolve).on('error', reject));

const ROUTES = 10_000;

const withRoutesInUse = (): Metrics => {
  const metrics = createMetrics({ version: '0' });
  const hop = metrics.forHop('gateway');
  for (let i = 0; i < ROUTES; i++) {
    const where = new Where(`/s${i % 100}/p${i}/*`, `s${i % 100}`, 'default');
    hop.attemptEnded({ where, instanceId: 'i', address: 'a', port: 1, resend: 0 }, { status: 200 }, 0.5);
    hop.requestEnded('GET', { where, status: 200, received: 0, sent: 512 }, 0.5);
  }
  return metrics;
};

/** The most CPU milliseconds of this process between two turns of its event loop, until `end`. */
const longestTurn = (): { end: () => { longest: number; turns: number } } => {
  let longest = 0;
  let turns = 0;
  let before = process.cpuUsage();
  let next: NodeJS.Immediate;
  const turn = (): void => {
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    turns += 1;
    before = process.cpuUsage();
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  return {
    end: () => {
      clearImmediate(next);
      return { longest, turns };
    },
  };
};

describe('/metrics with 10,000 routes in use', () => {
  const sources = {
    'of one process': (metrics: Metrics): Figures => metrics.figures(),
    'of three together': (metrics: Metrics, pace: Pace): Figures =>
      joinFigures([metrics.figures(), metrics.figures(), metrics.figures()], pace),
  };
  for (const [name, figures] of Object.entries(sources)) {
    it(`holds nobody up, and is whole: ${name}`, async t => {
      const metrics = withRoutesInUse();
      const pace = createPace();
      const url = await serve(t, async () => renderFigures(figures(metrics, pace), pace));
      // Once for V8 to compile what it takes.
      await ask(url).then(text);
      const watch = longestTurn();
      const pages = await Promise.all([ask(url).then(text), ask(url).then(text)]);
      const { longest, turns } = watch.end();
      // In one piece a page takes hundreds; a collection of garbage, all its threads counted, some tens.
      assert.ok(longest < 120, `${longest} ms of CPU in one turn of ${turns}`);
      for (const page of pages) {
        const samples = readPage(page.replace(/^sluice\w+_bucket.*\n/gm, ''));
        assert.equal(
          [...samples.keys()].filter(key => key.startsWith('sluice_requests_total')).length,
          ROUTES,
        );
        assert.equal(page.match(/^sluice_request_duration_seconds_bucket/gm)?.length, ROUTES * 16);
      }
    });
  }

  it('waits for a reader that does not read, and ends with it', async t => {
    const metrics = withRoutesInUse();
    const pace = createPace();
    let written = 0;
    let isOver = false;
    const url = await serve(t, async () =>
      (async function* () {
        try {
          for await (const piece of renderFigures(metrics.figures(), pace)) {
            written += piece.length;
            yield piece;
          }
        } finally {
          isOver = true;
        }
      })(),
    );
    const response = await ask(url);
    const seen = { written: -1, at: 0 };
    await eventually(
      () => {
        if (written !== seen.written) Object.assign(seen, { written, at: performance.now() });
        return performance.now() - seen.at > 200;
      },
      { within: 10_000, hint: 'the page to stand still' },
    );
    assert.ok(written < 20_000_000, `${written} characters were written for nobody`);
    response.destroy();
    await eventually(() => isOver, { within: 5_000, hint: 'the end of the page' });
  });
});

describe('a scrape', () => {
  it('that fails midway is cut, not ended as if it were whole', async t => {
    const url = await serve(t, async () =>
      (async function* () {
        yield 'sluice_up 1\n';
        throw new Error('midway');
      })(),
    );
    await assert.rejects(async () => text(await ask(url)), /aborted|ECONNRESET/);
  });

  it('of the head alone makes no page', async t => {
    let made = 0;
    const url = await serve(t, async () =>
      (async function* () {
        made += 1;
        yield 'sluice_up 1\n';
      })(),
    );
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      request(url, { method: 'HEAD', agent: false }, resolve).on('error', reject).end(),
    );
    assert.deepEqual([response.statusCode, await text(response), made], [200, '', 0]);
    assert.match(response.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  });

  it(`is refused while ${MOST_SCRAPES} are under way, and has its turn when one has left`, async t => {
    const forever = new Promise<never>(() => {});
    let isStuck = true;
    const url = await serve(t, async () =>
      (async function* () {
        yield 'sluice_up 1\n';
        if (isStuck) await forever;
      })(),
    );
    const stuck = await Promise.all(Array.from({ length: MOST_SCRAPES }, () => ask(url)));
    const refused = await ask(url);
    assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [503, '1']);
    refused.resume();
    isStuck = false;
    for (const response of stuck) response.on('error', () => {}).destroy();
    const page = await eventually(
      async () => {
        const response = await ask(url);
        const body = await text(response);
        return response.statusCode === 200 && body;
      },
      { within: 5_000, hint: 'a place' },
    );
    assert.equal(page, 'sluice_up 1\n');
  });
});
