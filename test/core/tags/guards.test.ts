import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instance } from '../build.ts';
import { rulesOf, servedBy } from './served.ts';

const TRAEFIK = 'traefik.http.routers.shop.rule=PathPrefix(`/admin`)';
const FABIO = 'urlprefix-/admin';

describe('what protects an instance in tags of Sluice', () => {
  for (const place of [FABIO, TRAEFIK]) {
    it(`protects what ${place} exposes`, () => {
      const tags = [place, 'deny=10.0.0.66', 'rate-limit=5/s', 'auth=judge/verify'];
      const shop = instance({ service: 'shop', tags });

      const [rule] = rulesOf(['sluice', 'fabio', 'traefik'], [shop, instance({ service: 'judge' })]);

      assert.deepEqual(
        rule?.filters?.map(({ type }) => type),
        ['access', 'rate-limit', 'auth'],
      );
      assert.equal(rule?.auth?.service, 'judge');
    });

    for (const bad of ['allow=office', 'auth=']) {
      it(`keeps ${place} shut where it is ${bad}`, () => {
        const serve = servedBy(['fabio', 'traefik', 'sluice'], { shop: [place, bad] });
        assert.equal(serve({ path: '/admin' }), 'shut');
      });
    }
  }

  it('comes before what the other dialect says of the same request', () => {
    const shop = instance({ service: 'shop', tags: [`${FABIO} allow=ip:10.0.0.0/8`, 'deny=10.0.0.66'] });
    const [rule] = rulesOf(['fabio', 'sluice'], [shop]);
    assert.deepEqual(rule?.filters, [
      { type: 'access', deny: ['10.0.0.66'] },
      { type: 'access', allow: ['10.0.0.0/8'], forwarded: true },
    ]);
  });

  it('is not lost where several services share a route of Fabio: whoever is to be judged does not share it', () => {
    const both = (...tags: string[]) => [
      instance({ service: 'shop', tags: [FABIO, ...tags] }),
      instance({ service: 'till', tags: [FABIO] }),
    ];
    assert.equal(rulesOf(['sluice', 'fabio'], both())[0]?.backends.length, 2);
    const [rule, ...others] = rulesOf(['sluice', 'fabio'], both('auth=judge'));
    assert.deepEqual([rule?.backends.length, rule?.auth?.service, others.length], [1, 'judge', 0]);
  });

  it('says nothing where tags of Sluice are not read', () => {
    const [rule] = rulesOf(['fabio'], [instance({ service: 'shop', tags: [FABIO, 'auth=yes'] })]);
    assert.equal(rule?.filters, undefined);
  });
});
