import type { Fleet } from '../balance/fleet.ts';
import { cookieFor } from '../cookie.ts';
import { keyText } from '../hash.ts';
import type { Target } from '../model/rule.ts';
import type { SplitSource } from '../model/split.ts';
import type { SessionRule } from '../model/traffic.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { RouteArm, RouteBackend } from './route-backend.ts';
import type { SessionSeal, Token } from './session-seal.ts';

/** What a process keeps sessions by: the same for all of its rules. */
export interface Sessions {
  readonly seal: SessionSeal;
  /** Epoch milliseconds: all gateways have to agree on it. */
  readonly clock: () => number;
}

/** An instance that a session may be with. */
export interface SessionPlace {
  readonly arm: RouteArm;
  readonly target: Target;
  readonly source: SplitSource;
}

/**
 * What became of the session that a request comes in: it is `kept`, or a `new` one begins because there was none, it has
 * `expired`, its instance is `gone` (or takes no requests), the request has `pinned` another version, or nobody can read it.
 */
export type SessionState = 'kept' | 'new' | 'expired' | 'gone' | 'pinned' | 'unreadable';

/** A token is written anew once so much of the idle timeout is over; the session may end that much early. */
const IDLE_STEP = 0.1;

/** The sessions of one rule (Gateway API, SessionPersistence; GEP-1619), in a compiled table. */
export class RouteSession {
  readonly #rule: SessionRule;
  readonly #backends: readonly RouteBackend[];
  #places: ReadonlyMap<string, SessionPlace> | undefined;
  /** By which the places are named. */
  #seal: SessionSeal | undefined;

  constructor(rule: SessionRule, backends: readonly RouteBackend[]) {
    this.#rule = rule;
    this.#backends = backends;
  }

  /**
   * The session that a request comes in, or that begins with it. A session outweighs the weights, a document's 0 for
   * one of its backends included; but where an operator has given a version 0, its sessions end.
   *
   * @param pinned the version that the request names
   * @param now monotonic milliseconds
   */
  of(
    request: RequestFacts,
    sessions: Sessions,
    fleet: Fleet,
    now: number,
    pinned: string | undefined,
  ): CallerSession {
    const wall = sessions.clock();
    const begin = (state: SessionState): CallerSession =>
      new CallerSession(this.#rule, sessions.seal, wall, request.scheme === 'https', state);
    const text = keyText({ of: this.#rule.by, name: this.#rule.name }, request);
    if (text === undefined || text === '') return begin('new');
    const token = sessions.seal.read(this.#rule.scope, text);
    if (token === undefined) return begin('unreadable');
    if (this.#isOver(token, wall)) return begin('expired');
    const place = this.#placesBy(sessions.seal).get(token.instance);
    if (place === undefined) return begin('gone');
    if (pinned !== undefined && place.arm.where.version !== pinned) return begin('pinned');
    const isOff = pinned === undefined && place.arm.share === 0;
    if (isOff || !takesRequests(fleet, place, now)) return begin('gone');
    return new CallerSession(this.#rule, sessions.seal, wall, request.scheme === 'https', 'kept', {
      token,
      place,
    });
  }

  #isOver({ began, seen }: Token, wall: number): boolean {
    const { absoluteTimeout = Number.POSITIVE_INFINITY, idleTimeout = Number.POSITIVE_INFINITY } = this.#rule;
    return wall - began >= absoluteTimeout || wall - seen >= idleTimeout;
  }

  /** Made when the first session asks. Where two backends have an instance, it is found in the one that has a share. */
  #placesBy(seal: SessionSeal): ReadonlyMap<string, SessionPlace> {
    if (this.#places !== undefined && this.#seal === seal) return this.#places;
    const places = new Map<string, SessionPlace>();
    for (const { arms, source } of [...this.#backends].sort((a, b) => a.share - b.share)) {
      for (const arm of arms) {
        for (const target of arm.targets) places.set(seal.nameOf(target.instance), { arm, target, source });
      }
    }
    this.#places = places;
    this.#seal = seal;
    return places;
  }
}

/** Ejected ones take none, unless most are out; then any is as good as another. */
const takesRequests = (fleet: Fleet, { arm: { targets }, target }: SessionPlace, now: number): boolean =>
  targets.length === 1 ||
  fleet.of(target, now).health.isIn(now) ||
  fleet.candidates(targets, now).areAllIn(now);

/** The session of one request. */
export class CallerSession {
  readonly state: SessionState;
  /** Where it is kept; undefined where it begins anew, wherever the request goes. */
  readonly place: SessionPlace | undefined;
  readonly #rule: SessionRule;
  readonly #seal: SessionSeal;
  readonly #token: Token | undefined;
  /** Epoch milliseconds of the request. */
  readonly #now: number;
  readonly #isSecure: boolean;

  constructor(
    rule: SessionRule,
    seal: SessionSeal,
    now: number,
    isSecure: boolean,
    state: SessionState,
    kept?: { readonly token: Token; readonly place: SessionPlace },
  ) {
    this.state = state;
    this.place = kept?.place;
    this.#rule = rule;
    this.#seal = seal;
    this.#token = kept?.token;
    this.#now = now;
    this.#isSecure = isSecure;
  }

  get by(): SessionRule['by'] {
    return this.#rule.by;
  }

  /** The name of its cookie, or of its header in lower case. */
  get name(): string {
    return this.#rule.name;
  }

  /**
   * The field line by which the caller is told of it. It is with whoever answers: where a retry was answered by another
   * instance, it goes on there.
   *
   * @param target who answers
   * @returns undefined where the caller need not be told anything
   */
  lineFor(target: Target): string | undefined {
    const isAsBefore = this.place?.target.instance.id === target.instance.id;
    const token = isAsBefore ? this.#token : undefined;
    if (token !== undefined && !this.#isToBeRenewed(token)) return undefined;
    const { by, name, scope, path, isPermanent, absoluteTimeout } = this.#rule;
    const began = token?.began ?? this.#now;
    const instance = this.#seal.nameOf(target.instance);
    const text = this.#seal.write(scope, { instance, began, seen: this.#now });
    if (by === 'header') return `${name}: ${text}`;
    const left = absoluteTimeout === undefined ? undefined : began + absoluteTimeout - this.#now;
    const maxAge = isPermanent === true && left !== undefined ? Math.ceil(left / 1_000) : undefined;
    return `Set-Cookie: ${cookieFor({ name, path, maxAge }, text, this.#isSecure)}`;
  }

  #isToBeRenewed({ seen }: Token): boolean {
    const { idleTimeout } = this.#rule;
    return idleTimeout !== undefined && this.#now - seen > idleTimeout * IDLE_STEP;
  }
}
