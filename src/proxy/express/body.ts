import { type TakeBody, takeLater } from '../body-copy.ts';
import type { RequestBody } from '../lane.ts';

/** A small body, read whole before it is sent. */
export class WholeBody implements RequestBody {
  content: Buffer = NOTHING;
  readonly isLost = false;
  readonly #length: number;
  #isWanted = true;
  #onReady = (): void => {};

  constructor(length: number) {
    this.#length = length;
  }

  get received(): number {
    return this.content.length;
  }

  get isAwaited(): boolean {
    return this.#isWanted && this.missing > 0;
  }

  /** Bytes that are still to come. */
  get missing(): number {
    return this.#length - this.content.length;
  }

  /** @param more `missing` bytes at most; copied */
  add(more: Buffer): void {
    this.content = Buffer.concat([this.content, more]);
    if (this.missing === 0 && this.#isWanted) this.#onReady();
  }

  whenReady(callback: () => void): void {
    if (this.missing === 0) callback();
    else this.#onReady = callback;
  }

  copy(_most: number, take: TakeBody): void {
    takeLater(take, this.content, true);
  }

  destroy(): void {
    this.#isWanted = false;
  }
}

const NOTHING = Buffer.alloc(0);
