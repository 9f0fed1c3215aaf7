import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { atEntrance } from '../../../src/core/decide/entrance.ts';
import { type Asked, factsOf } from '../../support/facts.ts';

const to = (port: number) => ({ status: 308 as const, port });

const told = (asked: Asked & { search?: string }, redirect?: ReturnType<typeof to>): string => {
  const outcome = atEntrance({ ...factsOf(asked), search: asked.search ?? '' }, redirect);
  if (outcome === undefined) return 'the rules decide';
  return 'code' in outcome ? outcome.code : `${outcome.answer.status} ${outcome.answer.fields.join(' ')}`;
};

describe('at the entrance', () => {
  const cases: [
    name: string,
    asked: Asked & { search?: string },
    redirect: ReturnType<typeof to> | undefined,
    told: string,
  ][] = [
    ['anything goes to the rules', { path: '/a' }, undefined, 'the rules decide'],
    ['the gateway’s own paths go nowhere', { path: '/.sluice' }, undefined, 'no_route'],
    ['nor do those below', { path: '/.sluice/x/y' }, undefined, 'no_route'],
    ['others that begin alike are rules’', { path: '/.sluicex' }, undefined, 'the rules decide'],
    [
      'what came in the clear is sent to https',
      { path: '/a', search: '?b=%2F' },
      to(443),
      '308 Location https://x.test/a?b=%2F',
    ],
    ['on the port that clients use', { path: '/a' }, to(8443), '308 Location https://x.test:8443/a'],
    ['what came over TLS is not', { path: '/a', scheme: 'https' }, to(443), 'the rules decide'],
    [
      'nor what an authority looks for',
      { path: '/.well-known/acme-challenge/token' },
      to(443),
      'the rules decide',
    ],
    [
      'what only begins alike is',
      { path: '/.well-known/acme-challenges' },
      to(443),
      '308 Location https://x.test/.well-known/acme-challenges',
    ],
    ['who names no host cannot be sent anywhere', { path: '/a', host: '' }, to(443), 'bad_request'],
    ['the gateway’s own paths are not redirected', { path: '/.sluice/x' }, to(443), 'no_route'],
  ];
  for (const [name, asked, redirect, expected] of cases)
    it(name, () => assert.equal(told(asked, redirect), expected));
});
