import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readText } from '../../src/documents/text.ts';
import { unmark, withRule, withSpec } from './marked.ts';

/** `»` marks the place that the message must name. */
type Case = readonly [name: string, marked: string, field: string, message: RegExp];

const TO = 'backendRefs: [{name: orders}]';
const RULE = 'spec.rules[0]';

const HEADS: readonly Case[] = [
  ['no document', '»just words', '', /expected fields \(apiVersion/],
  ['a list at the top', '»- kind: HTTPRoute', '', /not a list/],
  [
    'another kind',
    withSpec('rules: []').replace('kind: HTTPRoute', 'kind: »HTTPRoutes').replace('[]', `[{${TO}}]`),
    'kind',
    /did you mean "HTTPRoute"/,
  ],
  [
    'another version',
    withRule(TO).replace('gateway.networking.k8s.io/v1', '»gateway.networking.k8s.io/v2'),
    'apiVersion',
    /expected gateway/,
  ],
  [
    'no name',
    '»metadata: {}\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec: {rules: [{backendRefs: [{name: a}]}]}',
    'metadata',
    /name is missing/,
  ],
  ['a name in upper case', withRule(TO).replace('name: shop', 'name: »Shop'), 'metadata.name', /lower case/],
  [
    'a creation time that is none',
    withRule(TO).replace('name: shop', 'name: shop\n  creationTimestamp: »yesterday'),
    'metadata.creationTimestamp',
    /2026-07-01/,
  ],
  [
    'no spec',
    '»apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}',
    '',
    /spec is missing/,
  ],
  [
    'an unknown field',
    withSpec(`»hostname: shop.example.com\nrules: [{${TO}}]`),
    'spec.hostname',
    /unknown field "hostname"; did you mean "hostnames"/,
  ],
  [
    'an unknown field nobody meant',
    withSpec(`»colour: red\nrules: [{${TO}}]`),
    'spec.colour',
    /known are parentRefs/,
  ],
];

const SPECS: readonly Case[] = [
  [
    'a host with a port',
    withSpec(`hostnames: ["»a.example.com:80"]\nrules: [{${TO}}]`.replace('"»', '»"')),
    'spec.hostnames[0]',
    /without port/,
  ],
  [
    'a host in upper case',
    withSpec(`hostnames:\n- ok.example.com\n- »Shop.example.com\nrules: [{${TO}}]`),
    'spec.hostnames[1]',
    /lower case/,
  ],
  ['an address', withSpec(`hostnames: [»10.0.0.1]\nrules: [{${TO}}]`), 'spec.hostnames[0]', /not an address/],
  ['a bare wildcard', withSpec(`hostnames: [»"*"]\nrules: [{${TO}}]`), 'spec.hostnames[0]', /host name/],
  [
    'a wildcard inside',
    withSpec(`hostnames: [»a.*.com]\nrules: [{${TO}}]`),
    'spec.hostnames[0]',
    /host name/,
  ],
  [
    'too many hosts',
    withSpec(
      `»hostnames: [${Array.from({ length: 17 }, (_, i) => `h${i}.com`).join(', ')}]\nrules: [{${TO}}]`,
    ),
    'spec.hostnames',
    /at most 16 items, not 17/,
  ],
  ['no rule at all', withSpec('»rules: []'), 'spec.rules', /at least one rule/],
  [
    'too many rules',
    withSpec(`»rules: [${Array.from({ length: 17 }, () => `{${TO}}`).join(', ')}]`),
    'spec.rules',
    /at most 16/,
  ],
  [
    '129 matches',
    withSpec(
      `»rules: [${[64, 64, 1].map(n => `{matches: [${'{method: GET}, '.repeat(n)}], ${TO}}`).join(', ')}]`,
    ),
    'spec.rules',
    /at most 128 matches .* not 129/,
  ],
  [
    'two rules of one name',
    withSpec(`rules: [{name: a, ${TO}}, »{name: a, ${TO}}]`),
    'spec.rules[1]',
    /another rule/,
  ],
];

const MATCHES: readonly Case[] = [
  [
    'a path without slash',
    `matches: [{path: {value: »foobar}}], ${TO}`,
    'matches[0].path.value',
    /begins with "\/", not "foobar"/,
  ],
  ['two slashes', `matches: [{path: {value: »/a//b}}], ${TO}`, 'matches[0].path.value', /"\/\/"/],
  ['a dot at the end', `matches: [{path: {value: »/.}}], ${TO}`, 'matches[0].path.value', /end in "\/\."/],
  ['a dot inside', `matches: [{path: {value: »/foo/./bar}}], ${TO}`, 'matches[0].path.value', /"\/\.\/"/],
  ['two dots', `matches: [{path: {value: »/foo/../bar}}], ${TO}`, 'matches[0].path.value', /"\/\.\.\/"/],
  ['an escaped slash', `matches: [{path: {value: »/a%2fb}}], ${TO}`, 'matches[0].path.value', /"%2f"/],
  ['a fragment', `matches: [{path: {value: »"/a#b"}}], ${TO}`, 'matches[0].path.value', /"#"/],
  ['brackets', `matches: [{path: {value: »"/[]"}}], ${TO}`, 'matches[0].path.value', /"\["; percent-encode/],
  ['half an escape', `matches: [{path: {value: »/a%2}}], ${TO}`, 'matches[0].path.value', /"%"/],
  [
    'a long path',
    `matches: [{path: {value: »/${'a'.repeat(1024)}}}], ${TO}`,
    'matches[0].path.value',
    /1 to 1024 characters, not 1025/,
  ],
  [
    'a path that is a number',
    `matches: [{path: {value: »12}}], ${TO}`,
    'matches[0].path.value',
    /put it in quotes/,
  ],
  [
    'an unknown path type',
    `matches: [{path: {type: »Prefix, value: /a}}], ${TO}`,
    'matches[0].path.type',
    /Exact, PathPrefix, RegularExpression, not "Prefix"/,
  ],
  ['an unknown method', `matches: [{method: »get}], ${TO}`, 'matches[0].method', /did you mean "GET"/],
  [
    'a pseudo header',
    `matches: [{headers: [{name: »":method", value: GET}]}], ${TO}`,
    'matches[0].headers[0].name',
    /header name/,
  ],
  [
    'a header without value',
    `matches: [{headers: [»{name: x}]}], ${TO}`,
    'matches[0].headers[0]',
    /value is missing/,
  ],
  [
    'a header value with a line break',
    `matches: [{headers: [{name: x, value: »"a\\nb"}]}], ${TO}`,
    'matches[0].headers[0].value',
    /visible ASCII/,
  ],
  [
    'one header twice',
    `matches: [{headers: [{name: x, value: a}, »{name: x, value: b}]}], ${TO}`,
    'matches[0].headers[1]',
    /matched twice/,
  ],
  [
    'one parameter twice',
    `matches: [{queryParams: [{name: x, value: a}, »{name: x, value: b}]}], ${TO}`,
    'matches[0].queryParams[1]',
    /matched twice/,
  ],
  [
    'an expression that is open',
    `matches: [{path: {type: RegularExpression, value: »"/(a"}}], ${TO}`,
    'matches[0].path.value',
    /RE2.*missing closing \)/,
  ],
  [
    'an expression that looks ahead',
    `matches: [{headers: [{type: RegularExpression, name: x, value: »"(?=a)b"}]}], ${TO}`,
    'matches[0].headers[0].value',
    /RE2/,
  ],
  [
    'an expression that grows',
    `matches: [{queryParams: [{type: RegularExpression, name: x, value: »".*a.{200}"}]}], ${TO}`,
    'matches[0].queryParams[0].value',
    /states/,
  ],
  [
    'an unknown kind of comparison',
    `matches: [{headers: [{type: »Regex, name: x, value: a}]}], ${TO}`,
    'matches[0].headers[0].type',
    /RegularExpression/,
  ],
  [
    'matches that are no list',
    `»matches: {path: {value: /a}}, ${TO}`,
    'matches',
    /expected a list, not fields/,
  ],
];

const FILTERS: readonly Case[] = [
  ['no type', `filters: [»{cors: {}}], ${TO}`, 'filters[0]', /type is missing/],
  ['an unknown type', `filters: [{type: »Rewrite, urlRewrite: {}}], ${TO}`, 'filters[0].type', /URLRewrite/],
  [
    'a type without its field',
    `filters: [»{type: URLRewrite}], ${TO}`,
    'filters[0]',
    /urlRewrite is missing/,
  ],
  [
    "another type's field",
    `filters: [{type: URLRewrite, urlRewrite: {}, »cors: {}}], ${TO}`,
    'filters[0].cors',
    /does not go with type URLRewrite, only with CORS/,
  ],
  [
    'a filter twice',
    `filters: [{type: URLRewrite, urlRewrite: {}}, »{type: URLRewrite, urlRewrite: {}}], ${TO}`,
    'filters[1]',
    /only one URLRewrite/,
  ],
  [
    'redirect and rewrite',
    `»filters: [{type: URLRewrite, urlRewrite: {}}, {type: RequestRedirect, requestRedirect: {}}]`,
    'filters',
    /exclude each other/,
  ],
  [
    'redirect and backends',
    `filters: [{type: RequestRedirect, requestRedirect: {}}], »${TO}`,
    'backendRefs',
    /forwards nothing/,
  ],
  [
    'a redirect status',
    `filters: [{type: RequestRedirect, requestRedirect: {statusCode: »300}}]`,
    'filters[0].requestRedirect.statusCode',
    /301, 302, 303, 307, 308/,
  ],
  [
    'a redirect scheme',
    `filters: [{type: RequestRedirect, requestRedirect: {scheme: »HTTPS}}]`,
    'filters[0].requestRedirect.scheme',
    /did you mean "https"/,
  ],
  [
    'a redirect to a wildcard',
    `filters: [{type: RequestRedirect, requestRedirect: {hostname: »"*.a.com"}}]`,
    'filters[0].requestRedirect.hostname',
    /and "\*"/,
  ],
  [
    'a redirect port',
    `filters: [{type: RequestRedirect, requestRedirect: {port: »0}}]`,
    'filters[0].requestRedirect.port',
    /1 to 65535/,
  ],
  [
    'a path without its type',
    `filters: [{type: URLRewrite, urlRewrite: {»path: {replaceFullPath: /a}}}], ${TO}`,
    'filters[0].urlRewrite.path',
    /type is missing/,
  ],
  [
    'a path with another type',
    `filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /a, replacePrefixMatch: »/b}}}], ${TO}`,
    'filters[0].urlRewrite.path.replacePrefixMatch',
    /does not go with type ReplaceFullPath/,
  ],
  [
    'a path without its value',
    `filters: [{type: URLRewrite, urlRewrite: {»path: {type: ReplaceFullPath}}}], ${TO}`,
    'filters[0].urlRewrite.path',
    /replaceFullPath is missing/,
  ],
  [
    'a path that ends the line',
    `filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: »"/a\\r\\nx: y"}}}], ${TO}`,
    'filters[0].urlRewrite.path.replaceFullPath',
    /must not contain/,
  ],
  [
    'a prefix replaced where none is matched',
    `matches: [{path: {type: Exact, value: /a}}], filters: [»{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}], ${TO}`,
    'filters[0]',
    /exactly one match, and that of type PathPrefix/,
  ],
  [
    'a prefix replaced where two are matched',
    `matches: [{path: {value: /a}}, {path: {value: /b}}], backendRefs: [{name: a, filters: [»{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]}]`,
    'backendRefs[0].filters[0]',
    /exactly one match/,
  ],
  [
    'a header changed twice',
    `filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, value: a}], remove: [»x-a]}}], ${TO}`,
    'filters[0].requestHeaderModifier.remove[0]',
    /changed twice/,
  ],
  [
    'the host as a header',
    `filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [»{name: Host, value: a}]}}], ${TO}`,
    'filters[0].requestHeaderModifier.set[0]',
    /URLRewrite/,
  ],
  [
    'a header that frames',
    `filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [»Transfer-Encoding]}}], ${TO}`,
    'filters[0].responseHeaderModifier.remove[0]',
    /the gateway's own/,
  ],
  [
    'a value that ends the line',
    `filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: a, value: »"b\\r\\nc: d"}]}}], ${TO}`,
    'filters[0].requestHeaderModifier.add[0].value',
    /visible ASCII/,
  ],
  [
    'a mirror to nowhere',
    `filters: [{type: RequestMirror, »requestMirror: {percent: 5}}], ${TO}`,
    'filters[0].requestMirror',
    /backendRef is missing/,
  ],
  [
    'a mirror of 101 percent',
    `filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a}, percent: »101}}], ${TO}`,
    'filters[0].requestMirror.percent',
    /0 to 100/,
  ],
  [
    'a mirror of percent and fraction',
    `filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a}, percent: 1, »fraction: {numerator: 1}}}], ${TO}`,
    'filters[0].requestMirror.fraction',
    /keep one/,
  ],
  [
    'a fraction over one',
    `filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a}, »fraction: {numerator: 101}}}], ${TO}`,
    'filters[0].requestMirror.fraction',
    /larger than the denominator/,
  ],
  [
    'any origin and another',
    `filters: [{type: CORS, cors: {»allowOrigins: ["*", "https://a.com"]}}], ${TO}`,
    'filters[0].cors.allowOrigins',
    /stands for all others/,
  ],
  [
    'a CORS of one backend',
    `backendRefs: [{name: a, filters: [»{type: CORS, cors: {}}]}]`,
    'backendRefs[0].filters[0]',
    /whole rule/,
  ],
  [
    'access of one backend',
    `backendRefs: [{name: a, filters: [»{type: Access, access: {deny: [10.0.0.1]}}]}]`,
    'backendRefs[0].filters[0]',
    /whole rule/,
  ],
  [
    'access for nobody in particular',
    `filters: [{type: Access, »access: {}}], ${TO}`,
    'filters[0].access',
    /allow/,
  ],
  [
    'access by name',
    `filters: [{type: Access, access: {allow: [10.0.0.0/8, »office]}}], ${TO}`,
    'filters[0].access.allow[1]',
    /CIDR block/,
  ],
  [
    'a limit of one backend',
    `backendRefs: [{name: a, filters: [»{type: RateLimit, rateLimit: {requests: 1, unit: Second}}]}]`,
    'backendRefs[0].filters[0]',
    /whole rule/,
  ],
  [
    'a limit without unit',
    `filters: [{type: RateLimit, »rateLimit: {requests: 1}}], ${TO}`,
    'filters[0].rateLimit',
    /Second, Minute, Hour, Day/,
  ],
  [
    'a limit of nothing',
    `filters: [{type: RateLimit, rateLimit: {requests: »0, unit: Second}}], ${TO}`,
    'filters[0].rateLimit.requests',
    /1 to/,
  ],
  [
    'a limit by the path',
    `filters: [{type: RateLimit, rateLimit: {requests: 1, unit: Second, by: »path}}], ${TO}`,
    'filters[0].rateLimit.by',
    /address, header:NAME or cookie:NAME/,
  ],
  [
    'a burst for years',
    `filters: [{type: RateLimit, »rateLimit: {requests: 1, unit: Day, burst: 99}}], ${TO}`,
    'filters[0].rateLimit',
    /lower the burst/,
  ],
  [
    'a CORS age of nothing',
    `filters: [{type: CORS, cors: {maxAge: »0}}], ${TO}`,
    'filters[0].cors.maxAge',
    /1 to/,
  ],
  ...[
    'https://xpto.com:notaport',
    'xpto/https://xpto.com',
    'http://www.example.com:111111',
    'http://www.example.com:',
    'http://www.example.com/cart',
    'spiffe://a.b',
    'http://*bar.com',
    'http://bar*.com',
    'http://bar.*.com',
    'http://*.bar.*.dev',
  ].map(
    (origin): Case => [
      `the origin ${origin}`,
      `filters: [{type: CORS, cors: {allowOrigins: [»"${origin}"]}}], ${TO}`,
      'filters[0].cors.allowOrigins[0]',
      /expected an origin/,
    ],
  ),
];

const TRAFFIC: readonly Case[] = [
  ['a backend without name', 'backendRefs: [»{port: 80}]', 'backendRefs[0]', /name is missing/],
  [
    'a weight below nothing',
    'backendRefs: [{name: a, weight: »-1}]',
    'backendRefs[0].weight',
    /0 to 1000000/,
  ],
  ['a weight as a text', 'backendRefs: [{name: a, weight: »"5"}]', 'backendRefs[0].weight', /not "5"/],
  ['a port too high', 'backendRefs: [{name: a, port: »65536}]', 'backendRefs[0].port', /65535/],
  [
    'a typo in a backend',
    'backendRefs: [{name: a, »wieght: 5}]',
    'backendRefs[0].wieght',
    /did you mean "weight"/,
  ],
  [
    'a try longer than all',
    `timeouts: {request: 1s, backendRequest: »2s}, ${TO}`,
    'timeouts.backendRequest',
    /longer than/,
  ],
  ['a negative duration', `timeouts: {request: »-15m}, ${TO}`, 'timeouts.request', /duration/],
  ['a fraction of a duration', `timeouts: {request: »1.5h}, ${TO}`, 'timeouts.request', /duration/],
  ['a duration without unit', `timeouts: {request: »10}, ${TO}`, 'timeouts.request', /duration/],
  ['no retry at all', `retry: {attempts: »0}, ${TO}`, 'retry.attempts', /from 1/],
  ['a retry after success', `retry: {codes: [500, »200]}, ${TO}`, 'retry.codes[1]', /400 to 599/],
  [
    'a permanent session without end',
    `»sessionPersistence: {cookie: {lifetimeType: Permanent}}, ${TO}`,
    'sessionPersistence',
    /absoluteTimeout is missing/,
  ],
  [
    'a session by a header without name',
    `»sessionPersistence: {type: Header}, ${TO}`,
    'sessionPersistence',
    /name is missing/,
  ],
  [
    'a session by a header that frames messages',
    `sessionPersistence: {type: Header, header: {name: »Content-Length}}, ${TO}`,
    'sessionPersistence.header.name',
    /the gateway's own/,
  ],
  [
    'a session by header and cookie',
    `sessionPersistence: {type: Header, header: {name: x}, »cookie: {name: y}}, ${TO}`,
    'sessionPersistence.cookie',
    /does not go with type Header/,
  ],
];

const check = (cases: readonly Case[], wrap: (marked: string) => string, prefix: string): void => {
  for (const [name, marked, field, message] of cases) {
    it(name, () => {
      const { text, line, column } = unmark(wrap(marked));
      const [document, ...others] = readText(text);
      assert.deepEqual(others, []);
      assert.equal(document?.route, undefined, 'nothing of it may be in force');
      const [problem, ...more] = (document?.problems ?? []).filter(({ severity }) => severity === 'error');
      assert.deepEqual(more, [], 'one mistake, one message');
      const expected = `${prefix}${field}` === '' ? undefined : `${prefix}${field}`;
      assert.deepEqual(
        { line: problem?.line, column: problem?.column, field: problem?.field },
        { line, column, field: expected },
        problem?.message,
      );
      assert.match(problem?.message ?? '', message);
    });
  }
};

describe('a document is refused for', () => {
  describe('what stands around its rules', () => check([...HEADS, ...SPECS], text => text, ''));
  describe('its matches', () => check(MATCHES, withRule, `${RULE}.`));
  describe('its filters', () => check(FILTERS, withRule, `${RULE}.`));
  describe('its backends and traffic', () => check(TRAFFIC, withRule, `${RULE}.`));
});

describe('what is wrong is told', () => {
  it('all at once, from top to bottom', () => {
    const { problems = [] } =
      readText(withSpec('hostnames: [A, b]\ncolour: red\nrules: [{backendRefs: [{weight: x}]}]'))[0] ?? {};
    assert.deepEqual(
      problems.map(({ line, field }) => `${line} ${field}`),
      [
        '6 spec.hostnames[0]',
        '7 spec.colour',
        '8 spec.rules[0].backendRefs[0]',
        '8 spec.rules[0].backendRefs[0].weight',
      ],
    );
  });
  it('of each document by itself', () => {
    const [bad, good, worse] = readText(
      [withRule('colour: red'), withRule(TO), 'a: 1\na: 2\n'].join('---\n'),
    );
    assert.deepEqual([bad?.line, good?.line, worse?.line], [1, 8, 15]);
    assert.deepEqual(good?.problems, []);
    assert.ok(good?.route !== undefined);
    assert.match(worse?.problems[0]?.message ?? '', /unique/);
    assert.equal(worse?.problems[0]?.line, 16);
  });
  it('of a list of them, too', () => {
    const item = (name: string): string =>
      `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: ${name}}, spec: {rules: [{${TO}}]}}`;
    const [good, bad] = readText(`kind: List\nitems:\n- ${item('a')}\n- ${item('B')}\n`);
    assert.equal(good?.route?.name, 'default/a');
    assert.deepEqual(
      bad?.problems.map(({ line, field }) => `${line} ${field}`),
      ['4 items[1].metadata.name'],
    );
  });
});

describe('what could hurt', () => {
  it('a bomb of aliases is refused', () => {
    const bomb = Array.from(
      { length: 9 },
      (_, i) => `a${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1}, `.repeat(9)}]`,
    ).join('\n');
    const [document] = readText(bomb);
    assert.equal(document?.route, undefined);
    assert.match(document?.problems[0]?.message ?? '', /alias/i);
  });
  it('a tag that makes things is refused', () => {
    const [document] = readText(withRule(TO).replace('name: shop', 'name: !!js/function shop'));
    assert.equal(document?.route, undefined);
    assert.match(document?.problems[0]?.message ?? '', /tag/i);
  });
  it('an alias to nowhere is refused', () => {
    assert.equal(readText(withRule('backendRefs: *nowhere'))[0]?.route, undefined);
  });
  it('nothing at all is no document', () => {
    for (const text of ['', '\n', '# only words\n', '---\n---\n']) assert.deepEqual(readText(text), []);
  });
});
