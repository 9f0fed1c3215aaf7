import type { ValueMatch } from '../../model/match.ts';
import { faultOf } from '../../regex/expression.ts';
import { isToken } from '../spelling.ts';
import { fatal, type TagReader } from './reader.ts';

/** Served without its condition, a rule would reach further than its owner asked: a bad one is fatal. */
const readMethodTag: TagReader = (value, read) => {
  const methods = value.split(',').map(method => method.trim().toUpperCase());
  if (!methods.every(isToken)) return fatal('methods are names, separated by commas, e.g. method=GET,HEAD');
  for (const method of methods) read.methods.add(method);
  return undefined;
};

const readHeaderTag: TagReader = (value, read) => {
  const condition = readCondition(value);
  if (!isToken(condition.name)) {
    return fatal('a header is NAME (present), NAME:VALUE or NAME:~EXPRESSION, e.g. header=x-tenant:acme');
  }
  read.headers.push({ ...condition, name: condition.name.toLowerCase() });
  return regexFaultOf(condition);
};

const readQueryTag: TagReader = (value, read) => {
  const condition = readCondition(value);
  if (condition.name === '') {
    return fatal('a parameter is NAME (present), NAME:VALUE or NAME:~EXPRESSION, e.g. query=beta:1');
  }
  read.query.push(condition);
  return regexFaultOf(condition);
};

/** `NAME`, `NAME:VALUE`, or `NAME:~EXPRESSION`; a value that begins with `~` itself is written as `~\~…`. */
const readCondition = (text: string): ValueMatch => {
  const at = text.indexOf(':');
  if (at < 0) return { name: text.trim(), kind: 'present', value: '' };
  const name = text.slice(0, at).trim();
  const value = text.slice(at + 1).trim();
  return value.startsWith('~')
    ? { name, kind: 'regex', value: value.slice(1) }
    : { name, kind: 'exact', value };
};

const regexFaultOf = ({ kind, value }: ValueMatch): ReturnType<TagReader> => {
  const reason = kind === 'regex' ? faultOf(value) : undefined;
  return reason === undefined ? undefined : fatal(reason);
};

export const CONDITION_TAG_READERS: readonly (readonly [string, TagReader])[] = [
  ['method', readMethodTag],
  ['header', readHeaderTag],
  ['query', readQueryTag],
];
