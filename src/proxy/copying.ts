import { upstreamPath } from '../core/decide/decide.ts';
import type { Mirror, RequestChange } from '../core/filters/compile.ts';
import { isCopied, pickMirror } from '../core/filters/mirror.ts';
import type { Target } from '../core/model/rule.ts';
import type { RequestObservation } from '../telemetry/observer.ts';
import type { TakeBody } from './body-copy.ts';
import type { Context } from './context.ts';
import { linesOf } from './field-lines.ts';
import type { Intake } from './intake.ts';

/** A request of which there may be copies. */
export interface Original {
  readonly method: string;
  /** What the rule goes by. */
  readonly path: string;
  readonly intake: Intake;
  readonly observation: RequestObservation;
  /** The field lines for another target, without those of a trace or of the body. */
  linesFor(target: Target, change: RequestChange | undefined): string;
}

/**
 * Draws who gets a copy of a request: once for each.
 *
 * @returns sends them, or undefined where there are none
 */
export const drawCopies = (
  mirrors: readonly Mirror[],
  original: Original,
  ctx: Context,
): TakeBody | undefined => {
  const drawn = mirrors.filter(mirror => isCopied(mirror, ctx.sequences, ctx.chance));
  if (drawn.length === 0) return undefined;
  return (body, isWhole) => {
    for (const mirror of drawn) copyTo(mirror, original, body, isWhole, ctx);
  };
};

const copyTo = (
  { to, request }: Mirror,
  { method, path, intake, observation: original, linesFor }: Original,
  body: Buffer | undefined,
  isWhole: boolean,
  { mirrors, sequences, chance }: Context,
): void => {
  const { target, where } = pickMirror(to, sequences, chance);
  if (target === undefined) mirrors.results.add(where, 'no_instance');
  else if (!isWhole) mirrors.results.add(where, 'too_large');
  else {
    const { id: instanceId, address, port } = target.instance;
    const observation = original.copy({ where, instanceId, address, port, resend: 0 });
    const copy = {
      method,
      path: upstreamPath(path, request, target) + intake.target.query,
      lines: linesFor(target, request) + linesOf(observation.headers),
      contentLength: body === undefined ? intake.head.contentLength : `${body.length}`,
      body,
    };
    mirrors.send(target, copy, where, observation);
  }
};
