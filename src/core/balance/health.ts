/**
 * Outlier ejection: what the traffic itself tells of one instance. Its states are
 *
 *     in --failures--> out for a time --time is up--> on trial --one success--> in
 *                       ^                                |
 *                       +----------- one failure --------+
 *
 * On trial it gets exactly one request at a time. Pure: times are arguments, monotonic milliseconds.
 */
export interface HealthSettings {
  /** Failures in a row that eject; infinite ejects nobody, for whatever reason. */
  readonly failures: number;
  /** How long the first ejection lasts; the n-th in short order lasts n times as long. Milliseconds. */
  readonly time: number;
}

export type EjectionReason = 'consecutive_failures' | 'success_rate' | 'failed_trial';

const LONGEST_EJECTION = 5 * 60_000;
/** After so long without an ejection one of them is forgiven. */
const FORGIVEN_EVERY = 30_000;
/** An instance may ask for so much rest by `Retry-After`, and gets no more. */
const LONGEST_REST = 30_000;

export class Health {
  readonly #settings: HealthSettings;
  #failuresInARow = 0;
  #ejections = 0;
  #isOut = false;
  /** Only attempts begun since then count: what began before an ejection says nothing of the time after. */
  #countsFrom = Number.NEGATIVE_INFINITY;
  #returnedAt = 0;
  #restUntil = 0;
  #isOnTrial = false;

  constructor(settings: HealthSettings) {
    this.#settings = settings;
  }

  /** From its ejection until its trial has succeeded. */
  get isOut(): boolean {
    return this.#isOut;
  }

  /** When its trial may begin; meaningless unless it is out. */
  get outUntil(): number {
    return this.#countsFrom;
  }

  get restUntil(): number {
    return this.#restUntil;
  }

  /** Whether it is to be given a request. */
  isIn(now: number): boolean {
    if (now < this.#restUntil) return false;
    return !this.#isOut || (now >= this.#countsFrom && !this.#isOnTrial);
  }

  /** A request is on its way. @returns whether it is the trial; `endTrial` must follow then */
  begin(now: number): boolean {
    if (!this.#isOut || this.#isOnTrial || now < this.#countsFrom) return false;
    this.#isOnTrial = true;
    return true;
  }

  endTrial(): void {
    this.#isOnTrial = false;
  }

  counts(startedAt: number): boolean {
    return startedAt >= this.#countsFrom;
  }

  /** @returns the failures in a row */
  failed(): number {
    this.#failuresInARow += 1;
    return this.#failuresInARow;
  }

  succeeded(): void {
    this.#failuresInARow = 0;
  }

  /** It is back in. */
  return(now: number): void {
    this.#isOut = false;
    this.#failuresInARow = 0;
    this.#returnedAt = now;
  }

  /** @returns for how long, in milliseconds */
  eject(now: number): number {
    const forgiven = this.#isOut ? 0 : Math.floor((now - this.#returnedAt) / FORGIVEN_EVERY);
    this.#ejections = Math.max(0, this.#ejections - forgiven) + 1;
    const time = Math.min(LONGEST_EJECTION, this.#settings.time * this.#ejections);
    this.#isOut = true;
    this.#countsFrom = now + time;
    return time;
  }

  /** It asked to be left alone; no failure, so nothing grows. */
  rest(ms: number, now: number): void {
    this.#restUntil = Math.max(this.#restUntil, now + Math.min(ms, LONGEST_REST));
  }
}
