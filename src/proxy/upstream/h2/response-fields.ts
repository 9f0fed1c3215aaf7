import { areFieldLines, linesOf } from '../../field-lines.ts';
import { type ResponseHead, readResponseHead } from '../../response-head.ts';
import { MalformedResponse } from '../malformed.ts';

/**
 * The head of a response or of an interim one.
 *
 * @param raw name, value, name, value …; nghttp2 has refused what RFC 9113, 8.2 and 8.3 forbid
 * @throws MalformedResponse
 */
export const responseHeadOf = (raw: readonly string[]): ResponseHead => {
  let status = 0;
  let text = '';
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i] === ':status') status = Number(raw[i + 1]);
    else text += `${raw[i]}: ${raw[i + 1]}\r\n`;
  }
  text += '\r\n';
  if (!(status >= 100 && status <= 999)) throw new MalformedResponse('the response has no status');
  if (!areFieldLines(text, 0, text.length)) throw new MalformedResponse('a field is malformed');
  return readResponseHead(status, text, 0, text.length);
};

/** @throws MalformedResponse */
export const trailersOf = (raw: readonly string[]): readonly string[] => {
  const lines = `${linesOf(raw)}\r\n`;
  if (!areFieldLines(lines, 0, lines.length)) throw new MalformedResponse('a trailer is malformed');
  return raw;
};
