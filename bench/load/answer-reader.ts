const END_OF_HEAD = '\r\n\r\n';

/** Tells whether answers are 2xx, of the right length and whole. Every peer passes `Content-Length` on. */
export class AnswerReader {
  readonly #expected: number;
  #head = '';
  /** Bytes of the body still to come; undefined while the head is read. */
  #left: number | undefined;

  /** @param expected bytes of each body */
  constructor(expected: number) {
    this.#expected = expected;
  }

  /** To be called before each request. */
  next(): void {
    this.#head = '';
    this.#left = undefined;
  }

  take(chunk: Buffer): 'more' | 'good' | 'bad' {
    if (this.#left === undefined) {
      const before = this.#head.length;
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf(END_OF_HEAD);
      if (end < 0) return 'more';
      if (!this.#isGood(this.#head.slice(0, end))) return 'bad';
      this.#left = this.#expected - (chunk.length - (end + END_OF_HEAD.length - before));
    } else {
      this.#left -= chunk.length;
    }
    if (this.#left > 0) return 'more';
    return this.#left === 0 ? 'good' : 'bad';
  }

  #isGood(head: string): boolean {
    return (
      /^HTTP\/1\.1 2/.test(head) && Number(/\ncontent-length: *(\d+)/i.exec(head)?.[1]) === this.#expected
    );
  }
}
