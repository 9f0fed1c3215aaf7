import { setTimeout as sleep } from 'node:timers/promises';

/** One answered request, as the caller saw it. */
export interface Sample {
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Of the service that answered; absent where none did. */
  readonly version?: string;
  readonly ms: number;
  readonly ok: boolean;
}

/** What was seen in a window of time. */
export interface Figures {
  readonly requests: number;
  readonly perSecond: number;
  readonly errors: number;
  /** Milliseconds; absent where nothing was seen. */
  readonly p50?: number;
  readonly p99?: number;
}

const PATIENCE = 5_000;

/**
 * Asks for one order after the other, evenly spaced, whether or not the last answer is there.
 *
 * @param url of the gateway
 * @returns when it is stopped and what was under way is over
 */
export const runTraffic = async (
  url: string,
  perSecond: number,
  stopping: AbortSignal,
  onSample: (sample: Sample) => void,
): Promise<void> => {
  const underWay = new Set<Promise<void>>();
  for (let order = 1; !stopping.aborted; order += 1) {
    const request = ask(`${url}/orders/${order % 1_000}`)
      .then(sample => onSample(sample))
      .finally(() => underWay.delete(request));
    underWay.add(request);
    await sleep(1_000 / perSecond, undefined, { signal: stopping }).catch(() => {});
  }
  await Promise.all(underWay);
};

const ask = async (url: string): Promise<Sample> => {
  const at = performance.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    const { version } = (await response.json()) as { version?: string };
    const seen = version === undefined ? {} : { version };
    return { at, ms: performance.now() - at, ok: response.ok, ...seen };
  } catch {
    return { at, ms: performance.now() - at, ok: false };
  }
};

/** The samples of the last seconds. */
export class Window {
  readonly #samples: Sample[] = [];
  readonly #span: number;

  /** @param span milliseconds */
  constructor(span: number) {
    this.#span = span;
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
  }

  /** Of all, or of one version. */
  figures(now: number, version?: string): Figures {
    const from = now - this.#span;
    while ((this.#samples[0]?.at ?? from) < from) this.#samples.shift();
    const samples = this.#samples.filter(sample => version === undefined || sample.version === version);
    const durations = samples.map(({ ms }) => ms).sort((a, b) => a - b);
    const p50 = quantile(durations, 0.5);
    const p99 = quantile(durations, 0.99);
    const covered = Math.min(this.#span, now - (this.#samples[0]?.at ?? now));
    return {
      requests: samples.length,
      perSecond: covered === 0 ? 0 : (samples.length * 1_000) / Math.max(covered, 1_000),
      errors: samples.filter(({ ok }) => !ok).length,
      ...(p50 === undefined ? {} : { p50 }),
      ...(p99 === undefined ? {} : { p99 }),
    };
  }

  versions(): string[] {
    return [...new Set(this.#samples.flatMap(({ version }) => version ?? []))];
  }
}

/** By the nearest rank. */
const quantile = (sorted: readonly number[], q: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
