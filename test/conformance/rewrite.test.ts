import { describe } from 'node:test';
import type { Filter } from '../../src/core/model/filter.ts';
import { conformance } from './harness.ts';

const HEADERS: Filter = {
  type: 'request-headers',
  change: {
    set: [['X-Header-Set', 'set-overwrites-values']],
    add: [
      ['X-Header-Add', 'header-val-1'],
      ['X-Header-Add-Append', 'header-val-2'],
    ],
    remove: ['x-header-remove'],
  },
};
const asIs = {
  'X-Header-Remove': 'remove-val',
  'X-Header-Add-Append': 'append-val-1',
  'X-Header-Set': 'set-val',
};
const changed = {
  headers: {
    'X-Header-Add': 'header-val-1',
    'X-Header-Add-Append': 'append-val-1,header-val-2',
    'X-Header-Set': 'set-overwrites-values',
  },
  lacks: ['X-Header-Remove'],
};

const V1 = 'infra-backend-v1';
const V2 = 'infra-backend-v2';

describe('HTTPRouteRewriteHost', () => {
  const host = 'rewrite.example';
  const modifying = '/rewrite-host-and-modify-headers';
  conformance(
    [
      { match: { host, path: '/one' }, filters: [{ type: 'rewrite', hostname: 'one.example.org' }], to: V1 },
      { match: { host }, filters: [{ type: 'rewrite', hostname: 'example.org' }], to: V2 },
      {
        match: { host, path: modifying },
        filters: [{ type: 'rewrite', hostname: 'test.example.org' }, HEADERS],
        to: V2,
      },
    ],
    [
      { asked: { host, path: '/one' }, expected: { backend: V1, upstream: { host: 'one.example.org' } } },
      { asked: { host, path: '/two' }, expected: { backend: V2, upstream: { host: 'example.org' } } },
      {
        asked: { host, path: modifying, headers: asIs },
        expected: { backend: V2, upstream: { host: 'test.example.org', ...changed } },
      },
    ],
  );
});

describe('HTTPRouteRewritePath', () => {
  const modifyingFull = '/full/rewrite-path-and-modify-headers';
  const modifyingPrefix = '/prefix/rewrite-path-and-modify-headers';
  const prefix = (value: string): Filter => ({ type: 'rewrite', path: { kind: 'prefix', value } });
  const full = (value: string): Filter => ({ type: 'rewrite', path: { kind: 'full', value } });
  conformance(
    [
      { match: { path: '/prefix/one' }, filters: [prefix('/one')], to: V1 },
      { match: { path: '/strip-prefix' }, filters: [prefix('/')], to: V1 },
      { match: { path: '/full/one' }, filters: [full('/one')], to: V1 },
      { match: { path: modifyingFull }, filters: [full('/test'), HEADERS], to: V1 },
      { match: { path: modifyingPrefix }, filters: [prefix('/prefix'), HEADERS], to: V1 },
    ],
    [
      { asked: { path: '/prefix/one/two' }, expected: { backend: V1, upstream: { path: '/one/two' } } },
      { asked: { path: '/strip-prefix/three' }, expected: { backend: V1, upstream: { path: '/three' } } },
      { asked: { path: '/strip-prefix' }, expected: { backend: V1, upstream: { path: '/' } } },
      { asked: { path: '/full/one/two' }, expected: { backend: V1, upstream: { path: '/one' } } },
      {
        asked: { path: `${modifyingFull}/test`, headers: asIs },
        expected: { backend: V1, upstream: { path: '/test', ...changed } },
      },
      {
        asked: { path: `${modifyingPrefix}/one`, headers: asIs },
        expected: { backend: V1, upstream: { path: '/prefix/one', ...changed } },
      },
    ],
  );
});
