import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { decide, isDecision } from '../../src/core/decide/decide.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';
import { startProxy } from './support/proxy.ts';
import { rawExchange, rawUpstream } from './support/raw.ts';

/** Whose path it is, by the rules. `orders` sees its paths without `/orders`. */
const TAGS: Readonly<Record<string, readonly string[]>> = {
  open: ['path=/'],
  admin: ['path=/admin'],
  secret: ['path=/a/b'],
  sign: ['path=/x+y'],
  orders: ['path=/orders', 'strip=/orders'],
  internal: ['path=/orders/internal'],
};

/** What a client asks for in disguise, and the service whose alone it is. */
const GUARDED: readonly (readonly [path: string, service: string])[] = [
  ['/admin', 'admin'],
  ['/admin/users', 'admin'],
  ['/a/b', 'secret'],
  ['/orders/internal', 'internal'],
];

type Disguise = (path: string) => string;

const last = (path: string, change: (segment: string) => string): string =>
  path.replace(/[^/]+$/, segment => change(segment));

const hex = (char: string): string => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;

const DISGUISES: Readonly<Record<string, Disguise>> = {
  nothing: path => path,
  'a slash behind': path => `${path}/`,
  'a query': path => `${path}?x=/../y`,
  'two slashes in front': path => `/${path}`,
  'three slashes in front': path => `//${path}`,
  'slashes doubled': path => path.replaceAll('/', '//'),
  'two slashes behind': path => `${path}//`,
  'a dot segment in front': path => `/.${path}`,
  'a dot segment behind': path => `${path}/.`,
  'a dot segment between': path => path.replace(/\/(?=[^/]+$)/, '/./'),
  'a detour': path => `/x/..${path}`,
  'a detour behind': path => `${path}/x/..`,
  'a long detour': path => `/x/y/z/../../..${path}`,
  'a detour and two slashes': path => `/x/../${path}`,
  'a detour by an empty segment': path => `/x//../..${path}`,
  'above the root': path => `/..${path}`,
  'above the root, escaped': path => `/%2e%2e${path}`,
  'escaped dots': path => `/x/%2e%2e${path}`,
  'escaped dots in capitals': path => `/x/%2E%2E${path}`,
  'dots of which one is escaped': path => `/x/.%2e${path}`,
  'dots of which the other is escaped': path => `/x/%2E.${path}`,
  'an escaped dot segment': path => `/%2e${path}`,
  'dots escaped twice': path => `/x/%252e%252e${path}`,
  'dots escaped thrice': path => `/x/%25252e%25252e${path}`,
  'an escaped slash for the first': path => `/%2f${path.slice(1)}`,
  'an escaped slash, in capitals': path => `/%2F${path.slice(1)}`,
  'an escaped slash between': path => path.replace(/\/(?=[^/]+$)/, '%2f'),
  'an escaped slash behind': path => `${path}%2f`,
  'an escaped slash behind, and more': path => `${path}%2Fx`,
  'a slash escaped twice': path => path.replace(/\/(?=[^/]+$)/, '%252f'),
  'a slash escaped twice behind': path => `${path}%252Fx`,
  'a detour by an escaped slash': path => `/x/..%2f${path.slice(1)}`,
  'a detour by escapes alone': path => `/x%2f..%2f${path.slice(1)}`,
  'a detour by escaped dots and slash': path => `/x/%2e%2e%2f${path.slice(1)}`,
  'a detour, all escaped twice': path => `/x/%252e%252e%252f${path.slice(1)}`,
  'a dot and an escaped slash': path => `/.%2f${path.slice(1)}`,
  'an escaped slash and a dot behind': path => `${path}%2f.`,
  'a backslash': path => path.replace(/\/(?=[^/]+$)/, '\\'),
  'a backslash in front': path => `/\\${path.slice(1)}`,
  'an escaped backslash': path => `/%5c${path.slice(1)}`,
  'an escaped backslash between': path => path.replace(/\/(?=[^/]+$)/, '%5c'),
  'an escaped backslash behind': path => `${path}%5Cx`,
  'a detour by backslashes': path => `/x\\..\\${path.slice(1)}`,
  'a detour by escaped backslashes': path => `/x%5c..%5c${path.slice(1)}`,
  'a backslash escaped twice': path => `/%255c${path.slice(1)}`,
  parameters: path => `${path};x=1`,
  'parameters, empty': path => `${path};`,
  'parameters in front': path => `/;x${path}`,
  'parameters and more': path => `${path};x=1/y`,
  'parameters of every segment': path => path.replace(/(?<=[^/])(?=\/|$)/g, ';x'),
  'escaped parameters': path => `${path}%3bx`,
  'dots with parameters': path => `/x/..;${path}`,
  'dots with parameters of length': path => `/x/..;y=z${path}`,
  'a dot with parameters': path => `/.;x${path}`,
  'dots with escaped parameters': path => `/x/..%3b${path}`,
  'escaped dots with parameters': path => `/x/%2e%2e;${path}`,
  'an escaped NUL behind': path => `${path}%00`,
  'an escaped NUL and an ending': path => `${path}%00.html`,
  'an escaped NUL in front': path => `/%00${path}`,
  'an escaped question mark': path => `${path}%3fx`,
  'an escaped fragment': path => `${path}%23x`,
  'a fragment': path => `${path}#x`,
  'a question mark escaped twice': path => `${path}%253fx`,
  'letters escaped': path => path.replace(/[a-z]/g, hex),
  'a letter escaped': path => last(path, segment => hex(segment) + segment.slice(1)),
  'a letter escaped in capitals': path =>
    last(path, segment => hex(segment).toUpperCase() + segment.slice(1)),
  'letters escaped twice': path => path.replace(/[a-z]/g, char => hex(char).replace('%', '%25')),
  'letters escaped twice, and a detour': path =>
    `/x/..${path.replace(/[a-z]/g, char => hex(char).replace('%', '%25'))}`,
  'overlong slash': path => path.replace(/\/(?=[^/]+$)/, '%c0%af'),
  'overlong dots': path => `/x/%c0%ae%c0%ae${path}`,
  'full-width slash': path => path.replace(/\/(?=[^/]+$)/, '%ef%bc%8f'),
  'full-width dots': path => `/x/%ef%bc%8e%ef%bc%8e${path}`,
  'bytes of a full-width slash': path => path.replace(/\/(?=[^/]+$)/, '\xef\xbc\x8f'),
  'an escape of IIS': path => path.replace(/\/(?=[^/]+$)/, '%u002f'),
  'half an escape': path => `${path}%2`,
  'no escape': path => `${path}%zz`,
  'an escaped tab behind': path => `${path}%09`,
  'an escaped line feed behind': path => `${path}%0a`,
  'an escaped carriage return and line feed behind': path => `${path}%0d%0ax`,
  'absolute form': path => `http://x${path}`,
  'absolute form in capitals': path => `HTTP://X${path}`,
  'absolute form with two slashes': path => `http://x/${path}`,
  'absolute form with a detour': path => `http://x/y/..${path}`,
  'absolute form with a backslash': path => `http://x\\${path.slice(1)}`,
  'absolute form with user info': path => `http://y@x${path}`,
  'no slash in front': path => path.slice(1),
};

/** How servers find out which path they are asked for. */
const READERS: Readonly<Record<string, (path: string) => string>> = {
  'byte for byte': path => path,
  'nginx: decoded, slashes merged, dots removed': path => clean(decode(path)),
  'Go: decoded and cleaned': path => clean(decode(path)).replace(/(?<=.)\/$/, ''),
  'Express: as it stands, without regard to the last slash': path => path.replace(/(?<=.)\/$/, ''),
  'Python: decoded': path => decode(path).replace(/\/{2,}/g, '/'),
  'the URL of browsers and Node': path => new URL(`http://x${path}`).pathname,
  'Tomcat: parameters dropped, decoded, cleaned': path => clean(decode(path.replace(/;[^/]*/g, ''))),
  'Tomcat, decoded first': path => clean(decode(path).replace(/;[^/]*/g, '')),
  'IIS: backslashes are slashes': path => clean(decode(path).replaceAll('\\', '/')),
  'two of nginx, one behind the other': path => clean(decode(clean(decode(path)))),
  'C: ends at a NUL': path => decode(path).replace(/\0.*/s, ''),
  'decoded before the query is cut off': path => clean(decode(path).replace(/[?#].*/s, '')),
};

const decode = (path: string): string =>
  path.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

const clean = (path: string): string => {
  const out: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') out.pop();
    else if (segment !== '.' && segment !== '') out.push(segment);
  }
  return `/${out.join('/')}${/\/\.{0,2}$/.test(path) && out.length > 0 ? '/' : ''}`;
};

interface Seen {
  readonly status: number;
  /** Whose rule it was, where it was passed on. */
  readonly service: string | undefined;
  /** Of the upstream's request line, without query. */
  readonly path: string;
}

const ask = async (t: TestContext, target: string): Promise<Seen> => {
  const upstream = await rawUpstream(t, socket =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  );
  const instances = Object.entries(TAGS).map(([service, tags]) =>
    instance({ service, tags: [...tags], address: '127.0.0.1', port: upstream.port }),
  );
  const snapshot = buildSnapshot({
    catalog: catalogOf(...instances),
    weights: new Map(),
    policy: 'passing-only',
    tagPrefix: '',
  });
  const table = compileRoutes(snapshot.rules);
  let service: string | undefined;
  const { port } = await startProxy(t, upstream.port, {
    decide: (facts, now) => {
      const outcome = decide(table, facts, new Fleet(), now, Math.random);
      if (isDecision(outcome)) service = outcome.target.instance.service;
      return outcome;
    },
  });
  const answer = await rawExchange(t, port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const path = /^GET ([^ ?]*)/.exec(upstream.connections[0]?.text ?? '')?.[1] ?? '';
  return { status: Number(answer.slice(9, 12)), service, path };
};

const isBelow = (prefix: string, path: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

/** By which paths each service is guarded. */
const PLACES: readonly (readonly [prefix: string, service: string])[] = [
  ['/orders/internal', 'internal'],
  ['/admin', 'admin'],
  ['/a/b', 'secret'],
  ['/x+y', 'sign'],
];

const assertHarmless = (disguised: string, { service, path }: Seen): void => {
  if (service === undefined) return;
  assert.doesNotMatch(path, /^\/\//, 'an upstream could take it for an authority');
  for (const [reader, read] of Object.entries(READERS)) {
    const asRead = read(service === 'orders' ? `/orders${path}` : path);
    const owner: string = PLACES.find(([prefix]) => isBelow(prefix, asRead))?.[1] ?? service;
    assert.equal(
      service,
      owner,
      `${disguised} reaches ${service} as ${path}, which is ${asRead} to ${reader}`,
    );
  }
};

for (const [path, service] of GUARDED) {
  describe(`${path}, which is ${service}'s alone, in disguise`, () => {
    for (const [name, disguise] of Object.entries(DISGUISES)) {
      const disguised = disguise(path);
      it(`${name}: ${disguised}`, async t => assertHarmless(disguised, await ask(t, disguised)));
    }
  });
}

describe('paths in their usual spellings', () => {
  const usual: readonly (readonly [target: string, service: string, path: string])[] = [
    ['/', 'open', '/'],
    ['/admin', 'admin', '/admin'],
    ['/admin/../public', 'open', '/public'],
    ['/%61dmin', 'admin', '/admin'],
    ['/orders', 'orders', '/'],
    ['/orders/7', 'orders', '/7'],
    ['/orders//7', 'orders', '/7'],
    ['/orders/internal/7', 'internal', '/orders/internal/7'],
    ['/x+y', 'sign', '/x+y'],
    ['/files/a%2Fb', 'open', '/files/a%2Fb'],
    ['/files//b', 'open', '/files//b'],
    ['/files;v=1/b', 'open', '/files;v=1/b'],
    ['/files/100%25', 'open', '/files/100%25'],
    ['/files/a%20b.', 'open', '/files/a%20b.'],
    ['/files/...', 'open', '/files/...'],
    ['/caf%c3%a9', 'open', '/caf%C3%A9'],
    ['/{a}|b', 'open', '/%7Ba%7D%7Cb'],
    ["/!$&'()*+,;=:@-._~", 'open', "/!$&'()*+,;=:@-._~"],
    ['/ADMIN', 'open', '/ADMIN'],
    ['/administrator', 'open', '/administrator'],
  ];
  for (const [target, service, path] of usual) {
    it(`${target} is ${service}'s, as ${path}`, async t => {
      assert.deepEqual(await ask(t, target), { status: 200, service, path });
    });
  }

  it('a sign that is escaped in the request and not in the rule is refused', async t => {
    assert.deepEqual(await ask(t, '/x%2By'), { status: 400, service: undefined, path: '' });
  });
});
