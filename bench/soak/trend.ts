/** One look at a figure. */
export interface Sample {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly value: number;
}

/** A straight line through the samples, in the figure's unit a second. */
export interface Trend {
  /** The median of what was kept. */
  readonly level: number;
  readonly slope: number;
  /** Between these the slope lies with a confidence of 95 %. */
  readonly low: number;
  readonly high: number;
  /** What the slope makes of the time that was looked at. */
  readonly growth: number;
  readonly isUpward: boolean;
}

/** What comes before is the time in which code is compiled and pools fill. */
const SETTLED = 0.2;
const BATCHES = 10;
/** Growth below this share of the level is no leak: one byte kept of each request would be far more. */
const MATTERS = 0.05;

/**
 * The trend of the last 80 % of the samples: Sen's slope (the median of the slopes of all pairs) through the least of
 * each of ten batches. What is under way comes and goes with the load and only ever adds; the least is what is kept.
 * One burst that leaves its connections in a pool is a step, which moves a median little; a leak goes on.
 *
 * It is upward where both hold: the slope is above zero with a confidence of 95 %, and it amounts to something.
 *
 * @see Sen, "Estimates of the regression coefficient based on Kendall's tau" (1968), for slope and confidence
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
  const slopes = batches
    .flatMap((a, i) => batches.slice(i + 1).map(b => (b.value - a.value) / (b.at - a.at)))
    .toSorted((a, b) => a - b);
  // Kendall's S has the variance n(n - 1)(2n + 5) / 18; 1.96 of its standard deviations hold 95 %.
  const reach = (1.96 * Math.sqrt((BATCHES * (BATCHES - 1) * (2 * BATCHES + 5)) / 18)) / slopes.length;
  const level = quantile(
    batches.map(({ value }) => value).toSorted((a, b) => a - b),
    0.5,
  );
  const slope = quantile(slopes, 0.5);
  const low = quantile(slopes, (1 - reach) / 2);
  const growth = slope * ((settled.at(-1)?.at ?? 0) - (settled[0]?.at ?? 0));
  return {
    level,
    slope,
    low,
    high: quantile(slopes, (1 + reach) / 2),
    growth,
    isUpward: low > 0 && growth > MATTERS * level,
  };
};

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const quantile = (sorted: readonly number[], share: number): number => {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
};
