import { readFileSync } from 'node:fs';

/** A file that is replaced is noticed by whoever asks after this long. */
const FRESH_MS = 250;

/**
 * The token in a file that may be replaced at any time, as Vault's agent and Kubernetes do it. While it can't be
 * read or is empty, the last token counts.
 *
 * @returns the token of the moment, cheaply: the file is read at most four times a second
 */
export const createTokenFile = (
  file: string,
  now: () => number = () => performance.now(),
): (() => string | undefined) => {
  let token: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - readAt < FRESH_MS) return token;
    readAt = now();
    token = readToken(file) ?? token;
    return token;
  };
};

const readToken = (file: string): string | undefined => {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
};
