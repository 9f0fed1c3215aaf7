import type { Target } from './model.ts';

/** Requests under way by instance identity. Lives outside snapshots, so that a swap resets nobody's figure. */
export class Loads {
  readonly #pending = new Map<string, number>();

  start(instanceId: string): void {
    this.#pending.set(instanceId, this.pending(instanceId) + 1);
  }

  end(instanceId: string): void {
    const left = this.pending(instanceId) - 1;
    // Idle instances are not kept: the map stays as small as the work under way.
    if (left > 0) this.#pending.set(instanceId, left);
    else this.#pending.delete(instanceId);
  }

  pending(instanceId: string): number {
    return this.#pending.get(instanceId) ?? 0;
  }
}

/**
 * Two choices drawn by Consul's instance weights, the one with fewer requests under way per weight wins
 * (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001).
 *
 * @param chance draws from [0, 1); called twice at most
 * @returns undefined only where there are no targets
 */
export const pickTarget = (
  targets: readonly Target[],
  loads: Loads,
  chance: () => number,
): Target | undefined => {
  if (targets.length <= 1) return targets[0];
  const a = draw(targets, chance());
  const b = draw(targets, chance());
  return relativeLoad(b, loads) < relativeLoad(a, loads) ? b : a;
};

const relativeLoad = ({ instance }: Target, loads: Loads): number =>
  (loads.pending(instance.id) + 1) / Math.max(instance.weight, Number.MIN_VALUE);

const draw = (targets: readonly Target[], roll: number): Target => {
  let left = roll * targets.reduce((sum, t) => sum + t.instance.weight, 0);
  for (const target of targets) {
    left -= target.instance.weight;
    if (left < 0) return target;
  }
  return targets[targets.length - 1] as Target;
};
