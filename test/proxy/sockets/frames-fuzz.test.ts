import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { it } from 'node:test';
import fc from 'fast-check';
import { fuzz } from '../../support/fuzz.ts';
import { eventually } from '../../support/wait.ts';
import { type Ending, gently, type Plan, playClient, playServer, type Side } from './conversation.ts';
import { frameSequence } from './frames.ts';
import { startWays } from './ways.ts';

/** Conversations of one run, side by side. */
const AT_ONCE = 6;

const cuts = fc.array(fc.nat({ max: 2 ** 21 }), { maxLength: 5 });

const plan: fc.Arbitrary<Plan> = fc.record({
  up: frameSequence,
  down: frameSequence,
  upCuts: cuts,
  downCuts: cuts,
  isClientEager: fc.boolean(),
  isServerEager: fc.boolean(),
  slow: fc.constantFrom('client', 'server', 'nobody'),
  ending: fc.constantFrom<Ending>(
    'both at once',
    'when all has come',
    'client first',
    'server first',
    'client resets',
    'server resets',
  ),
});

const WITHIN = 10_000;

it('whatever frames either side sends, and however they end, every byte comes out as it went in', async t => {
  const plans = new Map<string, Plan>();
  const servers = new Map<string, Side>();
  const serve = (socket: Socket): void => {
    let head = Buffer.alloc(0);
    const read = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes]);
      const at = head.indexOf('\r\n\r\n');
      if (at < 0) return;
      socket.off('data', read);
      const path = head.toString('latin1').split(' ', 2)[1] ?? '';
      const plan = plans.get(path);
      if (plan === undefined) throw new Error(`nobody plans ${path}`);
      const side: Side = { received: [head.subarray(at + 4)], end: 'open' };
      servers.set(path, side);
      void playServer(socket, plan, side);
    };
    socket.on('data', read).on('error', () => {});
  };
  const ways = await startWays(t, serve);
  let conversations = 0;

  const converse = async (way: (typeof ways)[number], wanted: Plan): Promise<void> => {
    const path = `/${conversations++}`;
    const plan = way.isSecure ? gently(wanted) : wanted;
    plans.set(path, plan);
    const client: Side = { received: [], end: 'open' };
    const socket = way.connect();
    try {
      await playClient(socket, path, plan, client);
      const isOver = (): boolean => client.end !== 'open' && servers.get(path)?.end !== 'open';
      await eventually(isOver, {
        within: WITHIN,
        hint: () => `${way.name}: both ends: ${client.end}, ${servers.get(path)?.end}`,
      });
      compare(way.name, plan, client, servers.get(path));
    } finally {
      socket.destroy();
      plans.delete(path);
      servers.delete(path);
    }
  };

  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: AT_ONCE, maxLength: AT_ONCE }), async all => {
      for (const way of ways) await Promise.all(all.map(each => converse(way, each)));
    }),
    { ...fuzz(2), endOnFailure: true },
  );
  const left = () => ways.flatMap(({ hops }) => hops.map(hop => hop.figures().connections));
  await eventually(() => left().every(count => count === 0), { within: 5_000, hint: () => `${left()} left` });
  t.diagnostic(`${conversations} conversations`);
  assert.ok(conversations > 50, `${conversations} conversations`);
});

const compare = (name: string, { up, down, ending }: Plan, client: Side, server: Side | undefined): void => {
  const [, answer = Buffer.alloc(0)] = headAndRest(Buffer.concat(client.received));
  const asked = Buffer.concat(server?.received ?? []);
  const places = `${name}, ${ending}`;
  if (ending === 'client resets' || ending === 'server resets') {
    assert.ok(isPrefix(asked, up), `${places}: the server got what nobody sent`);
    assert.ok(isPrefix(answer, down), `${places}: the client got what nobody sent`);
    return;
  }
  assert.deepEqual([client.end, server?.end], ['ended', 'ended'], places);
  assert.equal(asked.length, up.length, `${places}: bytes at the server`);
  assert.equal(answer.length, down.length, `${places}: bytes at the client`);
  assert.ok(asked.equals(up), `${places}: the server got other bytes`);
  assert.ok(answer.equals(down), `${places}: the client got other bytes`);
};

const headAndRest = (bytes: Buffer): [string, Buffer] => {
  const at = bytes.indexOf('\r\n\r\n');
  return at < 0
    ? [bytes.toString('latin1'), Buffer.alloc(0)]
    : [bytes.toString('latin1', 0, at), bytes.subarray(at + 4)];
};

const isPrefix = (part: Buffer, whole: Buffer): boolean => part.equals(whole.subarray(0, part.length));
