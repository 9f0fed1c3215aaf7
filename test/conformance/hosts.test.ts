import { describe } from 'node:test';
import { conformance, row } from './harness.ts';
import { route, V1, V2, V3 } from './routes.ts';

const to = (service: string, path = '/'): string =>
  `[{matches: [{path: {type: PathPrefix, value: ${path}}}], backendRefs: [{name: ${service}}]}]`;

/** The suite's listeners have hosts: what they and its routes have in common is what the routes say here. */
describe('HTTPRouteHostnameIntersection', () => {
  const documents =
    route('specific-host-matches-listener-specific-host', to(V1, '/s1'), ['very.specific.com']) +
    route('specific-host-matches-listener-wildcard-host', to(V2, '/s2'), [
      'foo.wildcard.io',
      'bar.wildcard.io',
      'foo.bar.wildcard.io',
    ]) +
    route('wildcard-host-matches-listener-specific-host', to(V3, '/s3'), ['very.specific.com']) +
    route('wildcard-host-matches-listener-wildcard-host', to(V1, '/s4'), ['*.anotherwildcard.io']);
  conformance(documents, [
    row('very.specific.com/s1', V1),
    row('very.specific.com:1234/s1', V1),
    row('non.matching.com/s1', 404),
    row('foo.nonmatchingwildcard.io/s1', 404),
    row('foo.wildcard.io/s1', 404),
    row('very.specific.com/non-matching-prefix', 404),
    row('foo.wildcard.io/s2', V2),
    row('bar.wildcard.io/s2', V2),
    row('foo.bar.wildcard.io/s2', V2),
    row('non.matching.com/s2', 404),
    row('wildcard.io/s2', 404),
    row('very.specific.com/s2', 404),
    row('foo.wildcard.io/non-matching-prefix', 404),
    row('very.specific.com/s3', V3),
    row('non.matching.com/s3', 404),
    row('foo.specific.com/s3', 404),
    row('foo.wildcard.io/s3', 404),
    row('foo.anotherwildcard.io/s4', V1),
    row('bar.anotherwildcard.io/s4', V1),
    row('foo.bar.anotherwildcard.io/s4', V1),
    row('anotherwildcard.io/s4', 404),
    row('foo.wildcard.io/s4', 404),
    row('very.specific.com/s4', 404),
    row('foo.anotherwildcard.io/non-matching-prefix', 404),
    row('specific.but.wrong.com/s5', 404),
    row('wildcard.io/s5', 404),
  ]);

  const all = ['first.com', 'sub.first.com', 'second.com', 'sub.second.com'];
  conformance(route('httproute-hostname-intersection-all', to(V2), all), [
    ...all.map(host => row(`${host}/`, V2)),
    row('third.com/', 404),
    row('sub.third.com/', 404),
  ]);
});

describe('HTTPRouteListenerHostnameMatching', () => {
  const documents =
    route('backend-v1', to(V1), ['bar.com']) +
    route('backend-v2', to(V2), ['foo.bar.com']) +
    route('backend-v3', to(V3), ['*.bar.com', '*.foo.com']);
  conformance(documents, [
    row('bar.com/', V1),
    row('foo.bar.com/', V2),
    row('baz.bar.com/', V3),
    row('boo.bar.com/', V3),
    row('multiple.prefixes.bar.com/', V3),
    row('multiple.prefixes.foo.com/', V3),
    row('foo.com/', 404),
    row('no.matching.host/', 404),
  ]);
});
