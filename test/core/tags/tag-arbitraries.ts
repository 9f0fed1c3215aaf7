import fc from 'fast-check';
import type { Asked } from '../../support/facts.ts';

/** Few words, so that tags and requests meet often. */
const host = fc.constantFrom('a', 'b.a', 'x.test');
const path = fc.constantFrom('/', '/a', '/a/b', '/ab', '/a/b/c');
const value = fc.constantFrom('1', '2', '12');

export const asked: fc.Arbitrary<Asked> = fc.record({
  host,
  path,
  method: fc.constantFrom('GET', 'POST'),
  scheme: fc.constantFrom('http', 'https'),
  headers: fc.oneof(fc.constant({}), fc.record({ n: value })),
  query: fc.oneof(fc.constant({}), fc.record({ n: value })),
});

const written = (
  template: readonly string[],
  ...words: readonly fc.Arbitrary<string>[]
): fc.Arbitrary<string> =>
  fc.tuple(...words).map(chosen => template.map((text, i) => text + (chosen[i] ?? '')).join(''));

const sluiceTags = fc.array(
  fc.oneof(
    written(['path=', ''], path),
    written(['exact=', ''], path),
    written(['host=', ''], host),
    written(['header=n:', ''], value),
    written(['query=n:~', ''], value),
    fc.constantFrom(
      'method=GET',
      'strip=true',
      'rewrite=/r',
      'version=v1',
      'weight=5',
      'timeout=2s',
      'header=n',
    ),
  ),
  { minLength: 1, maxLength: 5 },
);

const fabioTags = fc.array(
  written(
    ['urlprefix-', '', ' ', ''],
    fc.oneof(fc.constant(''), host),
    path,
    fc.constantFrom(
      '',
      'strip=/a',
      'allow=ip:10.0.0.0/8',
      'deny=ip:10.0.0.9',
      'host=dst weight=0.5',
      'redirect=301,https://$host$path',
    ),
  ),
  { minLength: 1, maxLength: 4 },
);

const traefikTags = written(
  ['traefik.http.routers.r.rule=Host(`', '`) && PathPrefix(`', '`)'],
  host,
  path,
).chain(rule =>
  fc
    .subarray([
      'traefik.enable=true',
      'traefik.http.routers.r.priority=7',
      'traefik.http.routers.r.tls=true',
      'traefik.http.services.s.loadbalancer.server.port=81',
      'traefik.http.services.s.loadbalancer.server.weight=2',
    ])
    .map(more => [
      rule,
      'traefik.http.routers.r.middlewares=m,n',
      'traefik.http.middlewares.m.ipallowlist.sourcerange=10.0.0.0/8',
      'traefik.http.middlewares.n.addprefix.prefix=/p',
      ...more,
    ]),
);

/** Of one instance. */
export const soundTags: fc.Arbitrary<string[]> = fc.oneof(sluiceTags, fabioTags, traefikTags);

/** Sound ones, broken ones, and what is no tag at all. */
export const anyTag: fc.Arbitrary<string> = fc.oneof(
  soundTags.chain(tags => fc.constantFrom(...tags)),
  fc
    .tuple(
      fc.constantFrom(
        'path=',
        'host=',
        'header=',
        'strip=',
        'urlprefix-',
        'urlprefix-/a ',
        'traefik.http.routers.r.rule=',
      ),
      fc.string({ unit: fc.constantFrom(...'`"\\()!&|,$^*~:=/?# aHé\u{1f34e}') }),
    )
    .map(parts => parts.join('')),
  fc
    .tuple(
      fc.constantFrom(
        'traefik.http.routers.',
        'traefik.http.services.',
        'traefik.http.middlewares.',
        'traefik.',
      ),
      fc.string({
        unit: fc.constantFrom('r', '.', '=', 'rule', 'loadbalancer', 'server', 'headers', 'chain', '`', '1'),
      }),
    )
    .map(parts => parts.join('')),
  fc.string({ unit: 'binary' }),
);

/** A rule of Traefik before it is written down. */
export type RuleTree =
  | { readonly type: 'matcher'; readonly name: MatcherName; readonly value: string }
  | { readonly type: 'not'; readonly of: RuleTree }
  | { readonly type: 'and' | 'or'; readonly all: readonly RuleTree[] };

type MatcherName =
  | 'Host'
  | 'HostRegexp'
  | 'Path'
  | 'PathPrefix'
  | 'PathRegexp'
  | 'Method'
  | 'Header'
  | 'Query';

const matcher = (name: MatcherName, values: fc.Arbitrary<string>): fc.Arbitrary<RuleTree> =>
  values.map(value => ({ type: 'matcher', name, value }));

export const ruleTree: fc.Arbitrary<RuleTree> = fc.letrec<{ tree: RuleTree }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      matcher('Host', host),
      matcher('HostRegexp', fc.constantFrom('^a', 'a$', '^x|a$', '.+')),
      matcher('Path', path),
      matcher('PathPrefix', path),
      matcher('PathRegexp', fc.constantFrom('^/a', 'b$', '^/a$|c', '(a|b)/')),
      matcher('Method', fc.constantFrom('GET', 'POST')),
      matcher('Header', value),
      matcher('Query', value),
    ),
    fc.record({ type: fc.constant('not' as const), of: tie('tree') }),
    fc.record({
      type: fc.constantFrom('and' as const, 'or' as const),
      all: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).tree;

/** @param taste one number for each choice of spelling */
export const printed = (tree: RuleTree, taste: () => number): string => {
  if (tree.type === 'matcher') {
    const { name, value: text } = tree;
    const args = name === 'Header' || name === 'Query' ? ['n', text] : [text];
    const quote = taste() % 2 === 0 ? '`' : '"';
    const spelled = taste() % 3 === 0 ? name.toLowerCase() : name;
    return `${spelled}(${args.map(arg => `${quote}${arg}${quote}`).join(taste() % 2 === 0 ? ',' : ' , ')})`;
  }
  if (tree.type === 'not') return `!${enclosed(tree.of, 'matcher', taste)}`;
  const sign = tree.type === 'and' ? '&&' : '||';
  const all = tree.all.map(each => enclosed(each, tree.type === 'or' ? 'and' : 'matcher', taste));
  return all.join(taste() % 2 === 0 ? ` ${sign} ` : sign);
};

/** In parentheses where it must be, and sometimes where it need not. */
const enclosed = (tree: RuleTree, loosest: 'and' | 'matcher', taste: () => number): string => {
  const isTight = tree.type === 'matcher' || tree.type === 'not' || tree.type === loosest;
  const text = printed(tree, taste);
  return isTight && taste() % 4 !== 0 ? text : `( ${text})`;
};
