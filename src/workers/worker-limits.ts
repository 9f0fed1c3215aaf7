import type { News, Telling } from '../core/limit/authority.ts';
import { Books } from '../core/limit/books.ts';
import { createTeller } from '../limits/teller.ts';

/** The rate limits of a worker, whose authority is its gateway: all of its workers count together. */
export interface WorkerLimits {
  readonly books: Books;
  /** The gateway's answer to what was told last. */
  answered(owed: readonly number[]): void;
  heard(news: readonly News[]): void;
}

export const createWorkerLimits = (tell: (tellings: readonly Telling[]) => void): WorkerLimits => {
  let answer = (_: readonly number[]): void => {};
  const { debits } = createTeller({
    authority: {
      tell: tellings =>
        new Promise(resolve => {
          answer = resolve;
          tell(tellings);
        }),
    },
  });
  const books = new Books({ debits, tells: 'all' });
  return {
    books,
    answered: owed => answer(owed),
    heard: news => books.hear(news, performance.now()),
  };
};
