import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readProgram, type Step } from '../../../src/core/regex/program.ts';

const text = (step: Step): string => {
  if (step.kind === 'take') return `take ${step.ranges.join()} ${step.next}`;
  if (step.kind === 'fork') return `fork ${step.next} ${step.other}`;
  return 'next' in step ? `${step.kind} ${step.next}` : step.kind;
};

/** What is read of re2js's inside: another release that has it otherwise fails here, and not in front of users. */
describe('programs as re2js compiles them', () => {
  const table: [pattern: string, steps: string[]][] = [
    ['a', ['fail', 'take 97,97 2', 'match']],
    ['', ['fail', 'pass 2', 'match']],
    ['a.', ['fail', 'take 97,97 2', 'take 0,9,11,1114111 3', 'match']],
    ['(?s).', ['fail', 'take 0,1114111 2', 'match']],
    ['[b-dx]', ['fail', 'take 98,100,120,120 2', 'match']],
    ['a|bc', ['fail', 'take 97,97 5', 'take 98,98 3', 'take 99,99 5', 'fork 1 2', 'match']],
    ['a*', ['fail', 'take 97,97 2', 'fork 1 3', 'match']],
    ['(a)', ['fail', 'pass 2', 'take 97,97 3', 'pass 4', 'match']],
    ['^a$', ['fail', 'at-start 2', 'take 97,97 3', 'at-end 4', 'match']],
    ['(?i)k', ['fail', 'take 75,75,107,107,8490,8490 2', 'match']],
    ['(?i)é', ['fail', 'take 201,201,233,233 2', 'match']],
    ['[^\\x00-\\x{10ffff}]', ['fail', 'match']],
  ];
  for (const [pattern, steps] of table) {
    it(pattern === '' ? 'nothing' : pattern, () => {
      assert.deepEqual(readProgram(pattern).steps.map(text), steps);
    });
  }
});

describe('expressions that are not taken, and why', () => {
  const table: [pattern: string, reason: string][] = [
    ['/a(', 'missing closing )'],
    ['/a**', 'invalid nested repetition operator: "**" at character 3'],
    ['/a(?=b)', 'invalid or unsupported Perl syntax: "(?=" at character 3'],
    ['/a(?<=b)', 'invalid named capture: "(?<=b)" at character 3'],
    ['/[z-a]', 'invalid character class range: "z-a" at character 3'],
    ['(a)\\1', 'invalid escape sequence: "\\1" at character 4'],
    ['a\\', 'trailing backslash at end of expression'],
    ['a{1001}', 'invalid repeat count: "{1001}" at character 2'],
    ['\\ba', '\\b and \\B are not supported: name the characters that may stand there'],
    ['(?m)^a$', '(?m) is not supported: there are no lines in what is compared'],
    ['a'.repeat(4097), 'the expression is longer than 4096 characters'],
  ];
  for (const [pattern, reason] of table) {
    it(pattern.slice(0, 20), () => assert.throws(() => readProgram(pattern), { message: reason }));
  }
});
