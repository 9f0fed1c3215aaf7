import { describe } from 'node:test';
import type { Filter, HeaderChange } from '../../src/core/model/filter.ts';
import { conformance, type Row, type RuleUnderTest } from './harness.ts';

const change = (of: Partial<HeaderChange>): HeaderChange => ({ set: [], add: [], remove: [], ...of });
const request = (of: Partial<HeaderChange>): Filter => ({ type: 'request-headers', change: change(of) });
const response = (of: Partial<HeaderChange>): Filter => ({ type: 'response-headers', change: change(of) });

const to = 'infra-backend-v1';
const backend = to;
const rule = (path: string, ...filters: readonly Filter[]): RuleUnderTest => ({
  match: { path },
  filters,
  to,
});

const MULTIPLE: Partial<HeaderChange> = {
  set: [
    ['X-Header-Set-1', 'header-set-1'],
    ['X-Header-Set-2', 'header-set-2'],
  ],
  add: [
    ['X-Header-Add-1', 'header-add-1'],
    ['X-Header-Add-2', 'header-add-2'],
    ['X-Header-Add-3', 'header-add-3'],
  ],
  remove: ['x-header-remove-1', 'x-header-remove-2'],
};

const requestRules = [
  rule('/set', request({ set: [['X-Header-Set', 'set-overwrites-values']] })),
  rule('/add', request({ add: [['X-Header-Add', 'add-appends-values']] })),
  rule('/remove', request({ remove: ['x-header-remove'] })),
  rule('/multiple', request(MULTIPLE)),
  rule(
    '/case-insensitivity',
    request({
      set: [['X-Header-Set', 'header-set']],
      add: [['X-Header-Add', 'header-add']],
      remove: ['x-header-remove'],
    }),
  ),
];
const other = { 'Some-Other-Header': 'val' };
const requestRows: readonly Row[] = [
  {
    asked: { path: '/set', headers: other },
    expected: { backend, upstream: { headers: { ...other, 'X-Header-Set': 'set-overwrites-values' } } },
  },
  {
    asked: { path: '/set', headers: { ...other, 'X-Header-Set': 'some-other-value' } },
    expected: { backend, upstream: { headers: { ...other, 'X-Header-Set': 'set-overwrites-values' } } },
  },
  {
    asked: { path: '/add', headers: other },
    expected: { backend, upstream: { headers: { ...other, 'X-Header-Add': 'add-appends-values' } } },
  },
  {
    asked: { path: '/add', headers: { ...other, 'X-Header-Add': 'some-other-value' } },
    expected: {
      backend,
      upstream: { headers: { ...other, 'X-Header-Add': 'some-other-value,add-appends-values' } },
    },
  },
  {
    asked: { path: '/remove', headers: { 'X-Header-Remove': 'val' } },
    expected: { backend, upstream: { lacks: ['X-Header-Remove'] } },
  },
  {
    asked: {
      path: '/multiple',
      headers: {
        'X-Header-Set-2': 'set-val-2',
        'X-Header-Add-2': 'add-val-2',
        'X-Header-Remove-2': 'remove-val-2',
        'Another-Header': 'another-header-val',
      },
    },
    expected: {
      backend,
      upstream: {
        headers: {
          'X-Header-Set-1': 'header-set-1',
          'X-Header-Set-2': 'header-set-2',
          'X-Header-Add-1': 'header-add-1',
          'X-Header-Add-2': 'add-val-2,header-add-2',
          'X-Header-Add-3': 'header-add-3',
          'Another-Header': 'another-header-val',
        },
        lacks: ['X-Header-Remove-1', 'X-Header-Remove-2'],
      },
    },
  },
  {
    asked: {
      path: '/case-insensitivity',
      headers: {
        'x-header-set': 'original-val-set',
        'x-header-add': 'original-val-add',
        'x-header-remove': 'original-val-remove',
        'Another-Header': 'another-header-val',
      },
    },
    expected: {
      backend,
      upstream: {
        headers: {
          'X-Header-Set': 'header-set',
          'X-Header-Add': 'original-val-add,header-add',
          'Another-Header': 'another-header-val',
        },
        lacks: ['X-Header-Remove'],
      },
    },
  },
];

describe('HTTPRouteRequestHeaderModifier', () => conformance(requestRules, requestRows));

describe('HTTPRouteBackendRequestHeaderModifier', () => {
  const ofBackend = ({ match = {}, filters = [] }: RuleUnderTest): RuleUnderTest => ({
    match,
    to: [{ service: to, weight: 1, filters }],
  });
  conformance(requestRules.map(ofBackend), requestRows);
});

describe('HTTPRouteResponseHeaderModifier', () => {
  const rules = [
    rule('/set', response({ set: [['X-Header-Set', 'set-overwrites-values']] })),
    rule('/add', response({ add: [['X-Header-Add', 'add-appends-values']] })),
    rule('/remove', response({ remove: ['x-header-remove'] })),
    rule('/multiple', response(MULTIPLE)),
    rule(
      '/case-insensitivity',
      response({
        set: [['X-Header-Set', 'header-set']],
        add: [
          ['X-Header-Add', 'header-add'],
          ['x-lowercase-add', 'lowercase-add'],
          ['x-Mixedcase-ADD-1', 'mixedcase-add-1'],
          ['X-mixeDcase-add-2', 'mixedcase-add-2'],
          ['X-UPPERCASE-ADD', 'uppercase-add'],
        ],
        remove: ['x-header-remove'],
      }),
    ),
    rule(
      '/response-and-request-header-modifiers',
      response(MULTIPLE),
      request({
        set: [['X-Header-Set', 'set-overwrites-values']],
        add: [
          ['X-Header-Add', 'header-val-1'],
          ['X-Header-Add-Append', 'header-val-2'],
        ],
        remove: ['x-header-remove'],
      }),
    ),
  ];
  /** The backend answers with these. */
  const answers = (headers: Readonly<Record<string, string>>): Record<string, string> => ({
    'X-Echo-Set-Header': Object.entries(headers)
      .map(([name, value]) => `${name}:${value}`)
      .join(','),
  });
  const other = { 'Some-Other-Header': 'val' };
  const multiple = {
    'X-Header-Set-2': 'set-val-2',
    'X-Header-Add-2': 'add-val-2',
    'X-Header-Remove-2': 'remove-val-2',
    'Another-Header': 'another-header-val',
    'X-Header-Remove-1': 'val',
  };
  const multipleChanged = {
    'X-Header-Set-1': 'header-set-1',
    'X-Header-Set-2': 'header-set-2',
    'X-Header-Add-1': 'header-add-1',
    'X-Header-Add-2': 'add-val-2,header-add-2',
    'Another-Header': 'another-header-val',
  };
  const removed = ['X-Header-Remove-1', 'X-Header-Remove-2'];
  conformance(rules, [
    {
      asked: { path: '/set', headers: answers(other) },
      expected: { backend, headers: { ...other, 'X-Header-Set': 'set-overwrites-values' } },
    },
    {
      asked: { path: '/set', headers: answers({ ...other, 'X-Header-Set': 'some-other-value' }) },
      expected: { backend, headers: { ...other, 'X-Header-Set': 'set-overwrites-values' } },
    },
    {
      asked: { path: '/add', headers: answers(other) },
      expected: { backend, headers: { ...other, 'X-Header-Add': 'add-appends-values' } },
    },
    {
      asked: { path: '/add', headers: answers({ ...other, 'X-Header-Add': 'some-other-value' }) },
      expected: { backend, headers: { ...other, 'X-Header-Add': 'some-other-value,add-appends-values' } },
    },
    {
      asked: { path: '/remove', headers: answers({ 'X-Header-Remove': 'val' }) },
      expected: { backend, lacks: ['X-Header-Remove'] },
    },
    {
      asked: { path: '/multiple', headers: answers(multiple) },
      expected: {
        backend,
        headers: { ...multipleChanged, 'X-Header-Add-3': 'header-add-3' },
        lacks: removed,
      },
    },
    {
      asked: {
        path: '/case-insensitivity',
        headers: answers({
          'x-header-set': 'original-val-set',
          'x-header-add': 'original-val-add',
          'x-header-remove': 'original-val-remove',
          'Another-Header': 'another-header-val',
        }),
      },
      expected: {
        backend,
        headers: {
          'X-Header-Set': 'header-set',
          'X-Header-Add': 'original-val-add,header-add',
          'X-Lowercase-Add': 'lowercase-add',
          'X-Mixedcase-Add-1': 'mixedcase-add-1',
          'X-Mixedcase-Add-2': 'mixedcase-add-2',
          'X-Uppercase-Add': 'uppercase-add',
          'Another-Header': 'another-header-val',
        },
        lacks: ['X-Header-Remove'],
      },
    },
    {
      asked: {
        path: '/response-and-request-header-modifiers',
        headers: {
          'X-Header-Remove': 'remove-val',
          'X-Header-Add-Append': 'append-val-1',
          'X-Header-Echo': 'echo',
          ...answers({ ...multiple, 'X-Header-Echo': 'echo' }),
        },
      },
      expected: {
        backend,
        upstream: {
          headers: {
            'X-Header-Add': 'header-val-1',
            'X-Header-Set': 'set-overwrites-values',
            'X-Header-Add-Append': 'append-val-1,header-val-2',
            'X-Header-Echo': 'echo',
          },
          lacks: ['X-Header-Remove'],
        },
        headers: { ...multipleChanged, 'X-Header-Echo': 'echo' },
        lacks: removed,
      },
    },
  ]);
});
