import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Instance } from '../model/instance.ts';

/** What the token of a session says. Times are epoch milliseconds. */
export interface Token {
  /** The name that stands for the instance. */
  readonly instance: string;
  readonly began: number;
  /** When the session was last known to be in use. */
  readonly seen: number;
}

/** Names and signatures are cut to so many bytes: enough that nobody guesses one. */
const NAME_BYTES = 12;
const SIGNATURE_BYTES = 16;

const TOKEN = /^([\w-]{16})\.([0-9a-z]{1,9})\.([0-9a-z]{1,9})\.([\w-]{22})$/;

/**
 * Writes and reads the tokens of sessions, the same in every process with the same key: nothing is stored. Who has no
 * key can neither make a token nor learn from one which instance it is for. Tokens are of characters that cookies and
 * fields may have.
 */
export class SessionSeal {
  readonly #key: Buffer;
  readonly #names = new WeakMap<Instance, string>();

  constructor(key: string) {
    this.#key = createHash('sha256').update(`session\n${key}`).digest();
  }

  nameOf(instance: Instance): string {
    const known = this.#names.get(instance);
    if (known !== undefined) return known;
    const name = this.#hmac(`instance\n${instance.id}`).toString('base64url', 0, NAME_BYTES);
    this.#names.set(instance, name);
    return name;
  }

  /** @param scope whose session it is: a token is good there only */
  write(scope: string, { instance, began, seen }: Token): string {
    const said = `${instance}.${began.toString(36)}.${seen.toString(36)}`;
    return `${said}.${this.#sign(scope, said).toString('base64url')}`;
  }

  /** @returns undefined for whatever was not written for this scope with this key */
  read(scope: string, text: string): Token | undefined {
    const [, instance, began, seen, signature] = TOKEN.exec(text) ?? [];
    if (instance === undefined || began === undefined || seen === undefined || signature === undefined)
      return undefined;
    const due = this.#sign(scope, `${instance}.${began}.${seen}`);
    if (!timingSafeEqual(due, Buffer.from(signature, 'base64url'))) return undefined;
    return { instance, began: Number.parseInt(began, 36), seen: Number.parseInt(seen, 36) };
  }

  #sign(scope: string, said: string): Buffer {
    return this.#hmac(`token\n${scope}\n${said}`).subarray(0, SIGNATURE_BYTES);
  }

  #hmac(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}
