import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Match } from '../../../src/core/model/match.ts';
import { matchesOf } from '../../../src/core/tags/traefik/clauses.ts';
import { parseRule } from '../../../src/core/tags/traefik/expression.ts';
import { RuleSyntaxError } from '../../../src/core/tags/traefik/syntax-error.ts';

const read = (rule: string): Match[] => matchesOf(parseRule(rule));
const ROOT = { kind: 'prefix', path: '/' } as const;
const anywhere = (regex: string): string => `(?s:.*)(?:${regex})(?s:.*)`;

describe('what a rule of Traefik asks for', () => {
  const table: [rule: string, ...matches: Match[]][] = [
    ['Host(`Example.com.`)', { ...ROOT, host: 'example.com' }],
    ['Host(`*`)', ROOT],
    ['Host(`*.a.test`)', { ...ROOT, host: '*.a.test', hostRegex: '[^.]+\\.a\\.test' }],
    ['HOST("a.test")', { ...ROOT, host: 'a.test' }],
    ['HostRegexp(`^.+$`)', ROOT],
    ['HostRegexp(`^a\\.`)', { ...ROOT, hostRegex: anywhere('^a\\.') }],
    ['Path(`/css`)', { kind: 'exact', path: '/css' }],
    ['pathprefix(`/css/`)', { kind: 'text', path: '/css/' }],
    ['PathPrefix(`/`)', ROOT],
    ['PathPrefix(`/foo bar`)', { kind: 'text', path: '/foo%20bar' }],
    ['PathRegexp(`^/(css|js)`)', { kind: 'regex', path: anywhere('^/(css|js)') }],
    ['Method(`get`)', { ...ROOT, method: 'GET' }],
    ['Header(`X-A`, `b c`)', { ...ROOT, headers: [{ name: 'x-a', kind: 'exact', value: 'b c' }] }],
    [
      'HeaderRegexp(`X-A`, "\\\\d")',
      { ...ROOT, headers: [{ name: 'x-a', kind: 'regex', value: anywhere('\\d') }] },
    ],
    ['Query(`K`)', { ...ROOT, query: [{ name: 'K', kind: 'exact', value: '' }] }],
    ['Query(`k`, `v`)', { ...ROOT, query: [{ name: 'k', kind: 'exact', value: 'v' }] }],
    ['QueryRegexp(`k`, `v+`)', { ...ROOT, query: [{ name: 'k', kind: 'regex', value: anywhere('v+') }] }],
    ['ClientIP(`10.0.0.0/8`)', { ...ROOT, addresses: ['10.0.0.0/8'] }],
    [
      'Host(`a`) || Host(`b`) && Path(`/c`)',
      { ...ROOT, host: 'a' },
      { kind: 'exact', path: '/c', host: 'b' },
    ],
    [
      '(Host(`a`) || Host(`b`)) && Path(`/c`)',
      { kind: 'exact', path: '/c', host: 'a' },
      { kind: 'exact', path: '/c', host: 'b' },
    ],
    ['!Path(`/a`)', { ...ROOT, unless: [{ kind: 'exact', path: '/a' }] }],
    ['!!Path(`/a`)', { kind: 'exact', path: '/a' }],
    [
      '!(Host(`a`) && Path(`/b`))',
      { ...ROOT, unless: [{ ...ROOT, host: 'a' }] },
      { ...ROOT, unless: [{ kind: 'exact', path: '/b' }] },
    ],
    [
      '!(Host(`a`) || Path(`/b`))',
      {
        ...ROOT,
        unless: [
          { ...ROOT, host: 'a' },
          { kind: 'exact', path: '/b' },
        ],
      },
    ],
    ['!Host(`*`)', { ...ROOT, unless: [ROOT] }],
    [
      'PathPrefix(`/a`) && PathRegexp(`z$`) && PathPrefix(`/a/b`) && PathPrefix(`/a`)',
      {
        kind: 'text',
        path: '/a/b',
        also: [
          { kind: 'text', path: '/a' },
          { kind: 'regex', path: anywhere('z$') },
        ],
      },
    ],
    [
      'Header(`a`, `1`)\n&&\tHeader(`b`, `2`)',
      {
        ...ROOT,
        headers: [
          { name: 'a', kind: 'exact', value: '1' },
          { name: 'b', kind: 'exact', value: '2' },
        ],
      },
    ],
    ['Host(`a`) || Host(`a`)', { ...ROOT, host: 'a' }],
  ];
  for (const [rule, ...matches] of table) it(rule, () => assert.deepEqual(read(rule), matches));
});

describe('a rule that is none is told with its place', () => {
  const table: [rule: string, message: RegExp][] = [
    ['', /a matcher such as .* not the end \(at character 1\)/],
    ['Host(`a`) &&', /not the end \(at character 13\)/],
    ['Host(`a`', /"\)" is expected, not the end \(at character 9\)/],
    ['Host(a)', /a text in `backquotes`.* \(at character 6\)/],
    ["Host('a')", /backquotes/],
    ['Host(`a)', /never closed \(at character 6\)/],
    ['Host("a)', /never closed \(at character 6\)/],
    ['Host("\\q")', /escape/],
    ['Host(1)', /a text/],
    ['Host()', /takes 1/],
    ['Host(`a`, `b`)', /Host\(…\) \|\| Host\(…\)/],
    ['Host(``)', /not empty/],
    ['Host(`a:8080`)', /without port/],
    ['Host(`a*`)', /in front/],
    ['Path(`a`)', /begins with/],
    ['PathRegexp(`(`)', /RE2/],
    ['PathRegexp(`a)(b`)', /RE2/],
    ['Method(`GET POST`)', /method/],
    ['Header(`a b`, `c`)', /field/],
    ['Header(`a`)', /takes 2/],
    ['Headers(`a`, `b`)', /Traefik v3 has Header /],
    ['ClientIP(`10`)', /CIDR/],
    ['HoSt(`a`)', /no matcher/],
    ['Host(`a`) Host(`b`)', /the end is expected/],
    ['Host(`a`) == Host(`b`)', /"=" is not expected \(at character 11\)/],
    [`${'('.repeat(200)}Host(\`a\`)${')'.repeat(200)}`, /nested/],
    [`${'!'.repeat(200)}Host(\`a\`)`, /nested/],
    ['Path(`/a`) '.repeat(1_000), /too long/],
    [Array(7).fill('(Host(`a`) || Host(`b`))').join(' && '), /64 simple/],
    [
      Array(65)
        .fill(0)
        .map((_, i) => `Path(\`/${i}\`)`)
        .join(' || '),
      /64 simple/,
    ],
  ];
  for (const [rule, message] of table) {
    it(rule.slice(0, 60), () =>
      assert.throws(
        () => read(rule),
        (error: unknown) => error instanceof RuleSyntaxError && message.test(error.message),
      ),
    );
  }
});
