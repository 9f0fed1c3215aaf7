/** Called once at most: not where the body comes to no end. Of one that is too long there is nothing. */
export type TakeBody = (body: Buffer | undefined, isWhole: boolean) => void;

/** Keeps what passes by of a body until it is whole. It only looks on: who sends the body says when it goes on. */
export class BodyCopy {
  readonly #most: number;
  readonly #take: TakeBody;
  #pieces: Buffer[] = [];
  #length = 0;

  /** @param most bytes */
  constructor(most: number, take: TakeBody) {
    this.#most = most;
    this.#take = take;
  }

  add(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length <= this.#most) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  end(): void {
    const isWhole = this.#length <= this.#most;
    takeLater(this.#take, isWhole ? Buffer.concat(this.#pieces) : undefined, isWhole);
  }
}

/** In another turn of the event loop: what is sent of the request itself goes first. */
export const takeLater = (take: TakeBody, body: Buffer | undefined, isWhole: boolean): void => {
  setImmediate(take, body, isWhole);
};
