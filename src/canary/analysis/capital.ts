/**
 * Evidence as money (Shafer 2021; Waudby-Smith and Ramdas 2024): each bet plays a game that is fair or worse while the
 * canary is well, so that all capital together is a nonnegative supermartingale, and by Ville's inequality ever grows
 * to 1/a times what was staked with a probability of at most a, however often one looks.
 *
 * The whole stake is 1, and not all of it is put in at the start: each step of a rollout has an equal part of it, and
 * within a step a new part goes in every so many requests. A canary that was well for a day has lost what was bet
 * against it; without fresh stakes it would take as long to see that it is well no longer. What was put in before
 * plays on: evidence from one step counts in the next. (The sum over starting times is that of the Shiryaev-Roberts
 * procedure; as an e-process with weights that add up to 1 it keeps its guarantee for good.)
 */

/** Of a step's stake, what is put in at its begin; the rest follows in ever smaller parts: 1/2, 1/6, 1/12 of it … */
const FIRST = 0.8;

/** What goes in at the begin of a part of a step, of the whole stake. Over all steps and parts it adds up to 1. */
export const stakeOf = (steps: number, part: number): number =>
  (part === 1 ? FIRST : (1 - FIRST) / (part * (part - 1))) / steps;

/** ln(e^a + e^b). */
export const addLogs = (a: number, b: number): number => {
  const [more, less] = a > b ? [a, b] : [b, a];
  return more + Math.log1p(Math.exp(less - more));
};

/** ln of the sum of what all bets of a test have, where each is given as its logarithm. */
export const totalOf = (capitals: readonly number[]): number => capitals.reduce(addLogs);
