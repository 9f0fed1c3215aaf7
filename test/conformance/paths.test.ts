import { describe } from 'node:test';
import { conformance, row } from './harness.ts';
import { route, V1, V2, V3 } from './routes.ts';

describe('HTTPRouteSimpleSameNamespace', () => {
  conformance(route('all', `[{backendRefs: [{name: ${V1}}]}]`), [row('/', V1)]);
});

describe('HTTPRouteExactPathMatching', () => {
  const rules = `
    - matches: [{path: {type: Exact, value: /one}}]
      backendRefs: [{name: ${V1}}]
    - matches: [{path: {type: Exact, value: /two}}]
      backendRefs: [{name: ${V2}}]`;
  conformance(route('exact-matching', rules), [
    row('/one', V1),
    row('/two', V2),
    row('/', 404),
    row('/one/example', 404),
    row('/two/', 404),
    row('/Two', 404),
  ]);
});

describe('HTTPRoutePathMatchOrder', () => {
  const rules = `
    - matches: [{path: {type: Exact, value: /match}}]
      backendRefs: [{name: ${V1}}]
    - matches: [{path: {type: Exact, value: /match/exact}}]
      backendRefs: [{name: ${V2}}]
    - matches: [{path: {type: Exact, value: /match/exact/one}}]
      backendRefs: [{name: ${V3}}]
    - matches: [{path: {type: PathPrefix, value: /match/}}]
      backendRefs: [{name: ${V3}}]
    - matches: [{path: {type: PathPrefix, value: /match/prefix/}}]
      backendRefs: [{name: ${V1}}]
    - matches: [{path: {type: PathPrefix, value: /match/prefix/one}}]
      backendRefs: [{name: ${V2}}]`;
  conformance(route('path-matching-order', rules), [
    row('/match/exact/one', V3),
    row('/match/exact', V2),
    row('/match', V1),
    row('/match/prefix/one/any', V2),
    row('/match/prefix/any', V1),
    row('/match/any', V3),
  ]);
});

describe('HTTPRouteMatching', () => {
  const rules = `
    - matches: [{path: {type: PathPrefix, value: /}}, {headers: [{name: version, value: one}]}]
      backendRefs: [{name: ${V1}}]
    - matches: [{path: {type: PathPrefix, value: /v2}}, {headers: [{name: version, value: two}]}]
      backendRefs: [{name: ${V2}}]`;
  conformance(route('matching', rules), [
    row('/', V1),
    row('/example', V1),
    row('/', V1, { Version: 'one' }),
    row('/v2', V2),
    row('/v2/example', V2),
    row('/', V2, { Version: 'two' }),
    row('/v2/', V2),
    row('/v2example', V1),
    row('/foo/v2/example', V1),
  ]);
});

describe('HTTPRouteMatchingAcrossRoutes', () => {
  const first = `
    - matches: [{path: {type: PathPrefix, value: /}}, {headers: [{name: version, value: one}]}]
      backendRefs: [{name: ${V1}}]`;
  const second = `
    - matches: [{path: {type: PathPrefix, value: /v2}}, {headers: [{name: version, value: two}]}]
      backendRefs: [{name: ${V2}}]`;
  const documents =
    route('matching-part1', first, ['example.com', 'example.net']) +
    route('matching-part2', second, ['example.com']);
  conformance(documents, [
    row('example.com/', V1),
    row('example.com/example', V1),
    row('example.net/example', V1),
    row('example.com/example', V1, { Version: 'one' }),
    row('example.com/v2', V2),
    row('example.net/v2', V1),
    row('example.com/v2/example', V2),
    row('example.com/', V2, { Version: 'two' }),
  ]);
});

describe('HTTPRouteNamedRule', () => {
  const rules = `
    - name: named-rule
      matches: [{path: {type: PathPrefix, value: /named}}]
      backendRefs: [{name: ${V1}}]
    - matches: [{path: {type: PathPrefix, value: /unnamed}}]
      backendRefs: [{name: ${V2}}]`;
  conformance(route('http-named-rules', rules), [row('/named', V1), row('/unnamed', V2)]);
});
