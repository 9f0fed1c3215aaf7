import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { it, type TestContext } from 'node:test';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { decide } from '../../src/core/decide/decide.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import type { Filter } from '../../src/core/model/filter.ts';
import type { Instance } from '../../src/core/model/instance.ts';
import type { Match } from '../../src/core/model/match.ts';
import type { RuleSettings } from '../../src/core/model/traffic.ts';
import type { DocumentBackend, DocumentRule } from '../../src/core/rules/document-rule.ts';
import { createRuleMaker } from '../../src/documents/rules.ts';
import { EMPTY_SHELF, restock } from '../../src/documents/shelf.ts';
import { readText } from '../../src/documents/text.ts';
import type { HttpProxy } from '../../src/proxy/server.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';
import { startProxy } from '../proxy/support/proxy.ts';
import { type EchoServer, startEcho } from './echo.ts';

/** A rule as a test writes it. Services are there because they are named. */
export interface RuleUnderTest extends RuleSettings {
  readonly match?: Partial<Match>;
  readonly filters?: readonly Filter[];
  /** A service to which it leads, or several; none, where filters answer. */
  readonly to?: string | readonly DocumentBackend[];
}

export interface Asked {
  /** `GET` where it is left out. */
  readonly method?: string;
  /** The gateway's own address where it is left out. */
  readonly host?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** By which it came, as a trusted proxy in front tells it. */
  readonly entrance?: { readonly scheme: 'http' | 'https'; readonly port: number };
}

/** A value, or several of which one is due. */
type Fields = Readonly<Record<string, string | readonly string[]>>;

/** What the Gateway API's suite compares (conformance/utils/http). */
export interface Expected {
  /** 200 where it is left out; several, of which one is due. */
  readonly status?: number | readonly number[];
  /** Who answered. */
  readonly backend?: string;
  /** What it saw; the path as it was asked for where it is left out. */
  readonly upstream?: {
    readonly path?: string;
    readonly host?: string;
    readonly headers?: Fields;
    readonly lacks?: readonly string[];
  };
  readonly headers?: Fields;
  readonly lacks?: readonly string[];
  /** Where it leads; scheme and path as they were asked for, and the usual port, where they are left out. */
  readonly location?: {
    readonly scheme?: string;
    readonly host?: string;
    readonly port?: string;
    readonly path?: string;
  };
}

export interface Answer {
  readonly status: number;
  /** In lower case; several lines of one name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface GatewayUnderTest {
  readonly port: number;
  readonly proxy: HttpProxy;
  readonly backends: ReadonlyMap<string, EchoServer>;
  ask(asked: Asked): Promise<Answer>;
}

export interface HarnessOptions {
  readonly express?: boolean;
  /** Further services, to which no rule leads. */
  readonly services?: readonly string[];
  /** Services that rules name and nobody knows. */
  readonly unknown?: readonly string[];
  /** Of the instances of each service; one alone where it is left out. */
  readonly addresses?: readonly string[];
}

/** Rules as a test writes them, or the text of route documents. */
export type RulesUnderTest = readonly RuleUnderTest[] | string;

/** A real proxy on a free port with these rules, and a real server behind each service. */
export const startGateway = async (
  t: TestContext,
  rules: RulesUnderTest,
  { express = true, services = [], unknown = [], addresses = ['127.0.0.1'] }: HarnessOptions = {},
): Promise<GatewayUnderTest> => {
  const documentRules = typeof rules === 'string' ? readDocuments(rules) : rules.map(documentRuleOf);
  const backends = new Map<string, EchoServer>();
  const instances: Instance[] = [];
  const named = documentRules.flatMap(rule => rule.backends.map(({ service }) => service));
  for (const service of new Set([...services, ...named])) {
    if (service === '' || unknown.includes(service)) continue;
    for (const address of addresses) {
      const echo = await startEcho(t, service, address);
      backends.set(service, echo);
      instances.push(instance({ service, address, port: echo.port }));
    }
  }
  const snapshot = buildSnapshot({
    catalog: catalogOf(...instances),
    weights: new Map(),
    documents: { rules: documentRules, problems: [] },
    policy: 'passing-only',
    tagPrefix: '',
  });
  const table = compileRoutes(snapshot.rules);
  const fleet = new Fleet();
  const { port, proxy } = await startProxy(t, [], {
    decide: (facts, now) => decide(table, facts, fleet, now, Math.random),
    fleet,
    express,
    trusts: () => true,
  });
  return { port, proxy, backends, ask: asked => ask(port, asked) };
};

/** As a gateway reads them; what a rule cannot have is for the rows to tell. */
const readDocuments = (text: string): readonly DocumentRule[] => {
  const documents = readText(text);
  for (const { problems } of documents) {
    const errors = problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual(errors, [], 'the documents are sound');
  }
  return createRuleMaker().of(restock(EMPTY_SHELF, [{ name: 'test.yaml', documents }])).rules;
};

const documentRuleOf = ({ match, to = [], ...rest }: RuleUnderTest, index: number): DocumentRule => ({
  origin: { from: 'document', name: 'default/test', index, place: 'test' },
  match: { kind: 'prefix', path: '/', ...match },
  backends: typeof to === 'string' ? [{ service: to, weight: 1 }] : to,
  ...rest,
});

const ask = (
  port: number,
  { method = 'GET', host, path, headers = {}, body, entrance }: Asked,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const inFront = entrance && {
      'X-Forwarded-Proto': entrance.scheme,
      'X-Forwarded-Port': String(entrance.port),
    };
    const named = host === undefined ? {} : { Host: host };
    const sent = { ...named, ...inFront, ...headers };
    const req = httpRequest({ host: '127.0.0.1', port, method, path, headers: sent, agent: false }, res => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      res.on('end', () => {
        const fields: Record<string, string> = {};
        for (const [name, values] of Object.entries(res.headersDistinct))
          fields[name] = values?.join(',') ?? '';
        resolve({
          status: res.statusCode ?? 0,
          headers: fields,
          body: Buffer.concat(chunks).toString('latin1'),
        });
      });
    });
    req.on('error', reject).end(body);
  });

/** One answer, held against what is due. @throws AssertionError */
export const check = (asked: Asked, answer: Answer, expected: Expected): void => {
  const { status = 200, backend, upstream, headers = {}, lacks = [], location } = expected;
  assert.ok([status].flat().includes(answer.status), `status ${answer.status}: ${answer.body}`);
  hold(answer.headers, headers, lacks, 'the response');
  if (location !== undefined) checkLocation(asked, answer, location);
  if (backend === undefined) return;
  const seen = JSON.parse(answer.body) as { service: string; path: string; headers: Record<string, string> };
  assert.equal(seen.service, backend);
  assert.equal(seen.path, upstream?.path ?? asked.path);
  const host = upstream?.host ?? asked.host;
  if (host !== undefined) assert.equal(seen.headers.host, host);
  hold(seen.headers, upstream?.headers ?? {}, upstream?.lacks ?? [], 'the upstream');
};

const hold = (
  fields: Readonly<Record<string, string>>,
  due: Fields,
  lacks: readonly string[],
  where: string,
): void => {
  for (const [name, value] of Object.entries(due)) {
    const seen = fields[name.toLowerCase()];
    const hint = `${where} has ${name}: ${seen}, and not ${value}`;
    assert.ok(seen !== undefined && [value].flat().some(each => tidy(each) === tidy(seen)), hint);
  }
  for (const name of lacks) assert.equal(fields[name.toLowerCase()], undefined, `${where} has ${name}`);
};

/** Blanks behind commas count for nothing. */
const tidy = (list: string): string => list.replaceAll(', ', ',');

const checkLocation = (
  { path, entrance }: Asked,
  { headers }: Answer,
  due: NonNullable<Expected['location']>,
): void => {
  const url = new URL(headers.location ?? '');
  assert.equal(url.protocol, `${due.scheme ?? entrance?.scheme ?? 'http'}:`);
  if (due.host !== undefined) assert.equal(url.hostname, due.host);
  // An empty port is the usual one of the scheme.
  assert.equal(url.port, due.port ?? '', `the port of ${headers.location}`);
  assert.equal(url.pathname, due.path ?? new URL(path, 'http://x').pathname);
};

export interface Row {
  readonly asked: Asked;
  readonly expected: Expected;
}

/**
 * A row in one line.
 *
 * @param line the method, unless it is GET, then host and path: `POST shop.test/path1?a=1`
 * @param due the backend that answers, or the status
 */
export const row = (line: string, due: string | number, headers: Asked['headers'] = {}): Row => {
  const [, method = 'GET', host, path = ''] = /^(?:([A-Z]+) )?([^/]*)(\/.*)$/.exec(line) ?? [];
  return {
    asked: { method, path, headers, ...(host ? { host } : {}) },
    expected: typeof due === 'string' ? { backend: due } : { status: due },
  };
};

/** One table of rules, and each of its rows as a test, in either lane. */
export const conformance = (
  rules: RulesUnderTest,
  rows: readonly Row[],
  options: Omit<HarnessOptions, 'express'> = {},
): void => {
  for (const { asked, expected } of rows) {
    it(nameOf(asked), async t => {
      for (const express of [true, false]) {
        const gateway = await startGateway(t, rules, { ...options, express });
        check(asked, await gateway.ask(asked), expected);
      }
    });
  }
};

const nameOf = ({ method = 'GET', host = '', path, headers = {}, entrance }: Asked): string =>
  [method, host + path, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join(' ') +
  (entrance === undefined ? '' : ` (${entrance.scheme}:${entrance.port})`);
