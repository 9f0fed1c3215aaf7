import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { conformance, row, startGateway } from './harness.ts';
import { route, V1, V2, V3 } from './routes.ts';

describe('HTTPRouteInvalidBackendRefUnknownKind', () => {
  const rules = `[{backendRefs: [{group: unknownkind.example.com, kind: NonExistent, name: ${V1}, port: 8080}]}]`;
  conformance(route('invalid-backend-ref-unknown-kind', rules), [row('/v2', 500)]);
});

describe('HTTPRouteInvalidNonExistentBackendRef', () => {
  const rules = '[{backendRefs: [{name: nonexistent, namespace: gateway-conformance-infra, port: 8080}]}]';
  const documents = route('invalid-nonexistent-backend-ref', rules);
  conformance(documents, [row('/', 500)], { unknown: ['nonexistent'] });

  const beside = `
    - matches: [{path: {type: PathPrefix, value: /v2}}]
      backendRefs: [{name: nonexistent}]
    - backendRefs: [{name: ${V1}}]`;
  describe('and beside it other rules go on', () => {
    conformance(route('partly-invalid', beside), [row('/v2', 500), row('/', V1)], {
      unknown: ['nonexistent'],
    });
  });
});

describe('HTTPRouteNoBackendRefs', () => {
  const rules = `
    - matches: [{path: {type: Exact, value: /omitted-no-forward}}]
    - matches: [{path: {type: Exact, value: /empty-no-forward}}]
      backendRefs: []
    - matches: [{path: {type: PathPrefix, value: /}}]
      backendRefs: [{name: ${V1}}]`;
  conformance(route('omitted-backendrefs', rules), [
    row('/forward', V1),
    row('/omitted-no-forward', 500),
    row('/empty-no-forward', 500),
  ]);
});

/** Kubernetes' sorts of services are lists of instances in Consul. */
describe('HTTPRouteServiceTypes', () => {
  const services = ['manual-endpointslices', 'headless-manual-endpointslices', 'headless'];
  const rules = services.map(
    name => `
    - matches: [{path: {type: Exact, value: /${name}}}]
      backendRefs: [{name: ${name}, port: 8080}]`,
  );
  for (const addresses of [['127.0.0.1', '127.0.0.2'], ['::1']]) {
    describe(addresses.join(' '), () => {
      conformance(
        route('service-types', rules.join('')),
        services.map(name => row(`/${name}`, name)),
        { addresses },
      );
    });
  }
});

describe('HTTPRouteWeight', () => {
  const rules = `[{backendRefs: [{name: ${V1}, weight: 70}, {name: ${V2}, weight: 30}, {name: ${V3}, weight: 0}]}]`;

  /** @returns of 500 requests, ten at a time, the share of each backend */
  const sharesOf = async (t: TestContext): Promise<ReadonlyMap<string, number>> => {
    const gateway = await startGateway(t, route('weighted-backends', rules));
    let left = 500;
    const work = async (): Promise<void> => {
      for (; left > 0; ) {
        left -= 1;
        assert.equal((await gateway.ask({ path: '/' })).status, 200);
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
    return new Map([...gateway.backends].map(([name, { received }]) => [name, received.length / 500]));
  };

  it('70 : 30 : 0, give or take 5 % in one round of ten', async t => {
    const isNear = (share = Number.NaN, due: number): boolean => Math.abs(share - due) <= 0.05;
    for (let round = 0; round < 10; round++) {
      const shares = await sharesOf(t);
      assert.equal(shares.get(V3), 0);
      if (isNear(shares.get(V1), 0.7) && isNear(shares.get(V2), 0.3)) return;
    }
    assert.fail('no round came near');
  });
});

describe('HTTPRouteBackendProtocolWebSocket', () => {
  it('text and binary messages come back as they went', async t => {
    const rules = `[{backendRefs: [{name: ${V1}, port: 8082}]}]`;
    const { port } = await startGateway(t, route('backend-protocol-ws', rules));
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { origin: 'ws://gateway/websocket' });
    t.after(() => socket.terminate());
    await once(socket, 'open');
    for (const message of ['Websocket Support!', Buffer.from([1, 2, 3, 4, 5, 6, 7])]) {
      const answered = once(socket, 'message');
      socket.send(message);
      const [data, isBinary] = (await answered) as [Buffer, boolean];
      assert.equal(isBinary, typeof message !== 'string');
      assert.deepEqual(data, Buffer.from(message));
    }
  });
});
