import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readArguments } from '../../bench/arguments.ts';

const KNOWN = { cases: ['get-64', 'rules'], peers: ['direct', 'sluice', 'nginx', 'http-proxy'] };
const read = (...args: string[]) => readArguments(args, KNOWN);

describe('what can be said', () => {
  const table: [string, string[], object][] = [
    ['nothing: all of it', [], { cases: [], peers: [], rounds: 5, seconds: 3, quick: false }],
    [
      'names, repeated and joined, in the order of the table',
      ['--peer', 'nginx', '--peer', 'http-proxy, sluice', '--case', 'rules'],
      { cases: ['rules'], peers: ['sluice', 'nginx', 'http-proxy'], rounds: 5, seconds: 3, quick: false },
    ],
    [
      'quick: those that are always there',
      ['--quick', '--json', 'a.json'],
      {
        cases: [],
        peers: ['direct', 'sluice', 'http-proxy'],
        rounds: 1,
        seconds: 0.2,
        quick: true,
        json: 'a.json',
      },
    ],
    [
      'quick, with a say of its own',
      ['--quick', '--peer', 'nginx', '--rounds', '2', '--seconds', '0.5'],
      { cases: [], peers: ['nginx'], rounds: 2, seconds: 0.5, quick: true },
    ],
  ];
  for (const [name, args, expected] of table) it(name, () => assert.deepEqual(read(...args), expected));
});

describe('what is refused, with what would do', () => {
  const table: [string[], RegExp][] = [
    [['--case', 'get'], /--case "get": there are get-64, rules/],
    [['--peer', 'nginx,apache'], /--peer "apache": there are direct, sluice/],
    [['--rounds', '0'], /--rounds "0": expected a number, e\.g\. 5/],
    [['--rounds', '1.5'], /--rounds "1\.5"/],
    [['--seconds', 'long'], /--seconds "long": expected a number, e\.g\. 3/],
    [['--seconds', ''], /--seconds ""/],
    [['--fast'], /--fast/],
    [['get-64'], /get-64/],
  ];
  for (const [args, expected] of table) {
    it(args.join(' '), () => {
      const given = read(...args);
      assert.match('problem' in given ? given.problem : 'taken', expected);
    });
  }
});
