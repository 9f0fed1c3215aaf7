/**
 * What finding a request's rule costs: `node --import tsx bench/micro/match.ts [look-ups a round]`.
 *
 * Tables of 10 and of 10,000 rules side by side, each asked for the same number of different paths, so that what paths
 * cost is in both. `hot` asks for ten rules, `uniform` for all. Prints nanoseconds a look-up: the median over rounds that
 * take turns; of an incremental compilation the median in milliseconds.
 */
import { compileRoutes, matchRoute, type RouteTable } from '../../src/core/match/match.ts';
import type { Match } from '../../src/core/model/match.ts';
import type { Rule } from '../../src/core/model/rule.ts';
import { ruleId } from '../../src/core/model/rule-id.ts';
import type { RequestFacts } from '../../src/core/request-facts.ts';
import { RULES, rulePath } from '../rule-path.ts';

const ROUNDS = 41;
const FEW = 10;
const REQUESTS = 16_384;
const lookUps = Number(process.argv[2] ?? 200_000);

/** What a rule asks for besides its path, as the case has it. */
type Shape = (i: number) => Match;

const SHAPES: Record<string, Shape> = {
  prefixes: i => ({ kind: 'prefix', path: rulePath(i) }),
  'prefixes of 100 hosts': i => ({ kind: 'prefix', path: rulePath(i), host: `h${i % 100}.example.com` }),
  'by characters': i => ({ kind: 'text', path: rulePath(i) }),
  'with a method': i => ({ kind: 'prefix', path: rulePath(i), method: 'GET' }),
  'with a header': i => ({
    kind: 'prefix',
    path: rulePath(i),
    headers: [{ name: 'x-tenant', kind: 'exact', value: 'acme' }],
  }),
};

const ruleOf = (match: Match): Rule => ({
  id: ruleId(match),
  match,
  origin: { from: 'tags', service: 'any', createIndex: 1 },
  backends: [],
});

const requestOf = ({ host = 'shop.example.com', path }: Match, i: number): RequestFacts => ({
  // Strings of their own, as a parser makes them for each request.
  host: Buffer.from(host).toString('latin1'),
  path: Buffer.from(`${path}/item-${i}`).toString('latin1'),
  method: 'GET',
  scheme: 'http',
  header: () => 'acme',
  query: () => undefined,
});

interface Case {
  readonly table: RouteTable;
  readonly requests: readonly RequestFacts[];
  readonly times: number[];
}

/** Deterministic, and in no order that a cache could guess. */
const shuffled = (count: number, i: number): number => Math.imul(i, 0x9e3779b1) >>> (32 - Math.log2(count));

const caseOf = (rules: readonly Rule[], asked: number): Case => ({
  table: compileRoutes(rules),
  requests: Array.from({ length: REQUESTS }, (_, i) =>
    requestOf((rules[shuffled(REQUESTS, i) % asked] as Rule).match, i),
  ),
  times: [],
});

const run = ({ table, requests }: Case): number => {
  const begun = performance.now();
  for (let i = 0; i < lookUps; i += 1) {
    if (matchRoute(table, requests[i & (REQUESTS - 1)] as RequestFacts) === undefined)
      throw new Error('no rule');
  }
  return ((performance.now() - begun) * 1e6) / lookUps;
};

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number;

for (const [name, shape] of Object.entries(SHAPES)) {
  const rules = Array.from({ length: RULES }, (_, i) => ruleOf(shape(i)));
  const few = caseOf(rules.slice(0, FEW), FEW);
  const hot = caseOf(rules, FEW);
  const uniform = caseOf(rules, RULES);
  const changes: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const each of [few, hot, uniform]) each.times.push(run(each));
    const changed = rules.with?.(round, ruleOf(shape(round))) ?? rules;
    const begun = performance.now();
    compileRoutes(changed, uniform.table);
    changes.push(performance.now() - begun);
  }
  const begun = performance.now();
  compileRoutes(rules);
  const whole = performance.now() - begun;
  const [base, ofHot, ofUniform] = [few, hot, uniform].map(each => median(each.times)) as [
    number,
    number,
    number,
  ];
  const times = (figure: number): string => `${figure.toFixed(0)} ns (${(figure / base).toFixed(2)} x)`;
  console.log(
    `${name}: 10 rules ${base.toFixed(0)} ns; ${RULES} rules hot ${times(ofHot)}, uniform ${times(ofUniform)}; ` +
      `one rule changed ${median(changes).toFixed(1)} ms, compiled whole ${whole.toFixed(1)} ms`,
  );
}
