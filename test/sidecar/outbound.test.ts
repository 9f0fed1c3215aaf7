import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideOutbound } from '../../sidecar/outbound.ts';
import { ownAddress } from '../../sidecar/own-address.ts';
import { programEnv } from '../../sidecar/program-env.ts';
import { isRefusal } from '../../src/core/decide/decide.ts';
import { Where } from '../../src/core/model/where.ts';
import { factsOf } from '../support/facts.ts';

const nobody = {
  decide: (service: string) => ({ code: 'no_route' as const, where: new Where('', service, '') }),
};

describe('what comes to the outbound port', () => {
  const cases: readonly [name: string, host: string, client: string, outcome: string][] = [
    ['is forwarded for a program of this machine', 'example.com', '127.0.0.1', 'example.com:80'],
    ['is forwarded for one that speaks IPv6', 'example.com', '::1', 'example.com:80'],
    ['is refused for a stranger: no open proxy', 'example.com', '10.0.0.7', 'no_route'],
    [
      'is refused for a stranger whose address looks like loopback',
      'example.com',
      '127.0.0.1.evil',
      'no_route',
    ],
    ['is refused where it names no host', '', '127.0.0.1', 'no_route'],
    ['is refused where nobody can have that address', '999.1.1.1', '127.0.0.1', 'bad_request'],
    ['goes to the mesh for whoever asks', 'users.mesh', '10.0.0.7', 'no_route for users'],
  ];
  for (const [name, host, peerAddress, expected] of cases) {
    it(name, () => {
      const outcome = decideOutbound(nobody, {
        ...factsOf({ host, clientAddress: '127.0.0.1' }),
        peerAddress,
      });
      const said = isRefusal(outcome)
        ? outcome.code + (outcome.where === undefined ? '' : ` for ${outcome.where.service}`)
        : `${outcome.target.instance.address}:${outcome.target.instance.port}`;
      assert.equal(said, expected);
    });
  }

  it('is forwarded to an IPv6 address without its brackets', () => {
    const outcome = decideOutbound(nobody, {
      ...factsOf({ host: '[2001:db8::1]' }),
      peerAddress: '::1',
      port: 8080,
    });
    assert.ok(!isRefusal(outcome));
    assert.equal(outcome.target.instance.address, '2001:db8::1');
    assert.equal(outcome.target.instance.port, 8080);
  });
});

describe('the address to register', () => {
  for (const consul of [
    '127.0.0.1:8500',
    'localhost:8500',
    'http://[::1]:8500',
    'http://127.0.0.1:8500/consul',
  ]) {
    it(`is left to the agent's node when the agent is at ${consul}`, async () => {
      assert.equal(await ownAddress(consul), '');
    });
  }

  it('is an error, to be tried again, while the name of the agent is unknown', async () => {
    await assert.rejects(ownAddress('consul.invalid:8500'), /ENOTFOUND|EAI_AGAIN/);
  });
});

describe('the environment of the program', () => {
  const outbound = { host: '127.0.0.1', port: 4000 };

  it('has its port and the outbound proxy, and keeps the rest', () => {
    const env = programEnv({ HOME: '/root', PORT: '1' }, 3002, outbound);
    assert.deepEqual(env, {
      HOME: '/root',
      PORT: '3002',
      SLUICE_OUTBOUND: 'http://127.0.0.1:4000',
      http_proxy: 'http://127.0.0.1:4000',
      HTTP_PROXY: 'http://127.0.0.1:4000',
      no_proxy: 'localhost,127.0.0.1,::1',
      NO_PROXY: 'localhost,127.0.0.1,::1',
      NODE_USE_ENV_PROXY: '1',
    });
  });

  it('leaves its own exceptions to the proxy alone', () => {
    const env = programEnv({ NO_PROXY: '.internal', NODE_USE_ENV_PROXY: '0' }, 3002, outbound);
    assert.equal(env.no_proxy, '.internal');
    assert.equal(env.NODE_USE_ENV_PROXY, '0');
  });
});
