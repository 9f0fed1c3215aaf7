import type { Decision } from '../core/decide/decide.ts';
import type { Target } from '../core/model/rule.ts';
import type { ResponseHead } from './response-head.ts';

/**
 * Tells the caller by what it is known from now on.
 *
 * The name of a session is the gateway's: what an upstream says under it, echoes of the caller's token above all, would end the
 * session. A sticky cookie may be any, also one of the application's own: where the upstream gives it, it goes by that.
 *
 * @param target who answers
 */
export const introduce = (head: ResponseHead, { session, setCookie }: Decision, target: Target): void => {
  if (session !== undefined) {
    head.lines = without(head.lines, session.by === 'cookie' ? giving(session.name) : named(session.name));
    const line = session.lineFor(target);
    if (line !== undefined) head.lines += `${line}\r\n`;
  }
  if (setCookie === undefined) return;
  const isOwn = giving(setCookie.slice(0, setCookie.indexOf('=')));
  if (!linesIn(head.lines).some(isOwn)) head.lines += `Set-Cookie: ${setCookie}\r\n`;
};

type Test = (line: string) => boolean;

/** @param name in lower case */
const named =
  (name: string): Test =>
  line =>
    line.slice(0, line.indexOf(':')).toLowerCase() === name;

const isCookie = named('set-cookie');

/** Names of cookies count by case (RFC 6265, 5.3). */
const giving =
  (cookie: string): Test =>
  line =>
    isCookie(line) &&
    line
      .slice(line.indexOf(':') + 1)
      .split('=', 1)[0]
      ?.trim() === cookie;

const without = (lines: string, test: Test): string =>
  linesIn(lines)
    .filter(line => !test(line))
    .join('');

/** Each with its CRLF. */
const linesIn = (lines: string): string[] => lines.split(/(?<=\r\n)/);
