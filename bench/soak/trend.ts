/** One look at a figure. */
export interface Sample {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly value: number;
}

/** A straight line through the samples, in the figure's unit a second. */
export interface Trend {
  /** Mean of what was kept. */
  readonly level: number;
  readonly slope: number;
  /** The slope lies within this much of it with a confidence of 95 %. */
  readonly margin: number;
  /** What the slope makes of the time that was looked at. */
  readonly growth: number;
  readonly isUpward: boolean;
}

/** What comes before is the time in which code is compiled and pools fill. */
const SETTLED = 0.2;
const BATCHES = 10;
/** Student's t, two-sided 95 %, for so many batches less the two parameters of a line. */
const T = 2.306;
/** Growth below this share of the level is no leak: one byte kept of each request would be far more. */
const MATTERS = 0.05;

/**
 * The trend of the last 80 % of the samples: a line through the least of each of ten batches. What is under way
 * comes and goes with the load and only ever adds; the least is what is kept. Batches are long, so that they hardly
 * depend on each other and the usual margin of a regression holds for them.
 *
 * It is upward where both hold: the slope is above zero beyond its margin, and it amounts to something.
 *
 * @throws where there are too few samples
 */
export const trendOf = (samples: readonly Sample[]): Trend => {
  const settled = samples.slice(Math.ceil(samples.length * SETTLED));
  if (settled.length < 2 * BATCHES) throw new Error(`${samples.length} samples are too few for a trend`);
  const batches = Array.from({ length: BATCHES }, (_, i) => {
    const edge = (n: number): number => Math.round((n * settled.length) / BATCHES);
    const batch = settled.slice(edge(i), edge(i + 1));
    return { at: mean(batch.map(({ at }) => at)), value: Math.min(...batch.map(({ value }) => value)) };
  });

  const middle = mean(batches.map(({ at }) => at));
  const level = mean(batches.map(({ value }) => value));
  const squares = sum(batches.map(({ at }) => (at - middle) ** 2));
  const slope = sum(batches.map(({ at, value }) => (at - middle) * (value - level))) / squares;
  const residuals = sum(batches.map(({ at, value }) => (value - level - slope * (at - middle)) ** 2));
  const margin = T * Math.sqrt(residuals / (BATCHES - 2) / squares);
  const growth = slope * ((settled.at(-1)?.at ?? 0) - (settled[0]?.at ?? 0));
  return { level, slope, margin, growth, isUpward: slope > margin && growth > MATTERS * level };
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
