import { describe } from 'node:test';
import { conformance } from './harness.ts';
import { route, V1, V2 } from './routes.ts';

const HEADERS = `
        - type: RequestHeaderModifier
          requestHeaderModifier:
            set: [{name: X-Header-Set, value: set-overwrites-values}]
            add: [{name: X-Header-Add, value: header-val-1}, {name: X-Header-Add-Append, value: header-val-2}]
            remove: [X-Header-Remove]`;
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

/**
 * @param fields of the filter
 * @param further filters
 */
const rewrite = (path: string, to: string, fields: string, further = ''): string => `
    - matches: [{path: {type: PathPrefix, value: ${path}}}]
      filters:
        - {type: URLRewrite, urlRewrite: {${fields}}}${further}
      backendRefs: [{name: ${to}}]`;

describe('HTTPRouteRewriteHost', () => {
  const host = 'rewrite.example';
  const modifying = '/rewrite-host-and-modify-headers';
  const rules = [
    rewrite('/one', V1, 'hostname: one.example.org'),
    rewrite('/', V2, 'hostname: example.org'),
    rewrite(modifying, V2, 'hostname: test.example.org', HEADERS),
  ];
  conformance(route('rewrite-host', rules.join(''), [host]), [
    { asked: { host, path: '/one' }, expected: { backend: V1, upstream: { host: 'one.example.org' } } },
    { asked: { host, path: '/two' }, expected: { backend: V2, upstream: { host: 'example.org' } } },
    {
      asked: { host, path: modifying, headers: asIs },
      expected: { backend: V2, upstream: { host: 'test.example.org', ...changed } },
    },
  ]);
});

describe('HTTPRouteRewritePath', () => {
  const modifyingFull = '/full/rewrite-path-and-modify-headers';
  const modifyingPrefix = '/prefix/rewrite-path-and-modify-headers';
  const prefix = (value: string): string => `path: {type: ReplacePrefixMatch, replacePrefixMatch: ${value}}`;
  const full = (value: string): string => `path: {type: ReplaceFullPath, replaceFullPath: ${value}}`;
  const rules = [
    rewrite('/prefix/one', V1, prefix('/one')),
    rewrite('/strip-prefix', V1, prefix('/')),
    rewrite('/full/one', V1, full('/one')),
    rewrite(modifyingFull, V1, full('/test'), HEADERS),
    rewrite(modifyingPrefix, V1, prefix('/prefix'), HEADERS),
  ];
  conformance(route('rewrite-path', rules.join('')), [
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
  ]);
});
