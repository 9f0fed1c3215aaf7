import {
  ATTR_CLIENT_ADDRESS,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import type { Choice } from '../core/decide/choose.ts';
import { statusMeant } from '../core/grpc.ts';
import type { SplitSource } from '../core/model/split.ts';
import type { Where } from '../core/model/where.ts';
import { Cache } from './cache.ts';
import { findHeader, splitAuthority } from './http-semantics.ts';
import type { AttemptOutcome, AttemptStart, RequestOutcome, RequestStart } from './observer.ts';
import { attributeKey } from './otlp/attributes.ts';
import { createPhrasing, failed, type Phrase, type Phrasing } from './otlp/phrase.ts';
import type { SpanWriter } from './otlp/span-writer.ts';
import { type AttemptKind, PlacePhrases } from './place-phrases.ts';
import { DEFAULT_SPAN_LIMITS, type SpanLimits } from './span-limits.ts';

const URL_PATH = attributeKey(ATTR_URL_PATH);
const CLIENT_ADDRESS = attributeKey(ATTR_CLIENT_ADDRESS);
const USER_AGENT = attributeKey(ATTR_USER_AGENT_ORIGINAL);
const METHOD_ORIGINAL = attributeKey(ATTR_HTTP_REQUEST_METHOD_ORIGINAL);
const ERROR_TYPE = attributeKey(ATTR_ERROR_TYPE);
const RESEND_COUNT = attributeKey(ATTR_HTTP_REQUEST_RESEND_COUNT);
const SERVER_ADDRESS = attributeKey(ATTR_SERVER_ADDRESS);
const SERVER_PORT = attributeKey(ATTR_SERVER_PORT);

/** Of the conventions for RPC, not stable yet. */
const ATTR_RPC_SYSTEM = 'rpc.system';
const ATTR_RPC_GRPC_STATUS_CODE = 'rpc.grpc.status_code';
const ATTR_SLUICE_INSTANCE = 'sluice.instance';
const ATTR_SLUICE_VERSION_REASON = 'sluice.version.reason';
const ATTR_SLUICE_SPLIT_SOURCE = 'sluice.split.source';

const VERSION_ROLL = attributeKey('sluice.version.roll');
const SERVICE_ROLL = attributeKey('sluice.service.roll');

const FAILED = createPhrasing(DEFAULT_SPAN_LIMITS)({}, failed);

const MAX_METHOD = 64;
const MAX_USER_AGENT = 256;
/** Beyond, all are forgotten: with more, most would be anyhow. */
const MAX_INSTANCES = 4096;
const CLIENT_LEFT = 499;

interface InstancePhrase {
  readonly address: string;
  readonly port: number;
  readonly said: Phrase;
}

/**
 * What the spans of one hop say, in the words of OpenTelemetry's semantic conventions for HTTP (stable since 1.23),
 * plus our own `sluice.*`. What comes again with other requests is encoded once.
 */
export class HttpSpans {
  readonly #hop: string;
  readonly #phrasing: Phrasing;
  readonly #places = new WeakMap<Where, PlacePhrases>();
  readonly #instances = new Map<string, InstancePhrase>();
  readonly #protocols: Readonly<Record<RequestStart['scheme'], Cache<string, Phrase>>>;
  readonly #statuses: Cache<number, Phrase>;
  readonly #grpcStatuses: Cache<number, Phrase>;
  readonly #choices: Readonly<Record<Choice['reason'], Cache<SplitSource, Phrase>>>;

  constructor(hop: string, limits: SpanLimits) {
    const phrasing = createPhrasing(limits);
    const over = (scheme: string) =>
      new Cache((version: string) =>
        phrasing({ [ATTR_URL_SCHEME]: scheme, [ATTR_NETWORK_PROTOCOL_VERSION]: version }),
      );
    const because = (reason: Choice['reason']) =>
      new Cache((source: SplitSource) =>
        phrasing({ [ATTR_SLUICE_VERSION_REASON]: reason, [ATTR_SLUICE_SPLIT_SOURCE]: source }),
      );
    this.#hop = hop;
    this.#phrasing = phrasing;
    this.#protocols = { http: over('http'), https: over('https') };
    this.#choices = {
      pin: because('pin'),
      session: because('session'),
      sticky: because('sticky'),
      split: because('split'),
      only: because('only'),
    };
    this.#grpcStatuses = new Cache(status =>
      phrasing({ [ATTR_RPC_SYSTEM]: 'grpc', [ATTR_RPC_GRPC_STATUS_CODE]: status }),
    );
    this.#statuses = new Cache(status => phrasing({ [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }));
  }

  /**
   * On the server's side only 5xx is an error of ours, and a response that was cut for another reason than the
   * client's leaving. 499 is nginx's word for a client that left: no status was sent, so none is reported.
   *
   * @param method folded
   */
  request(to: SpanWriter, method: string, start: RequestStart, outcome: RequestOutcome): void {
    const { status, grpcStatus, error } = outcome;
    to.say(this.#place(outcome.where).requests.at(method));
    to.say(this.#protocols[start.scheme].at(start.protocolVersion));
    if (status !== CLIENT_LEFT) to.say(this.#statuses.at(status));
    if (outcome.choice !== undefined) this.#sayChoice(to, outcome.choice);
    to.text(URL_PATH, start.path);
    to.text(CLIENT_ADDRESS, start.clientAddress);
    if (method !== start.method) to.text(METHOD_ORIGINAL, start.method.slice(0, MAX_METHOD));
    const [address, port] = splitAuthority(start.authority);
    if (address !== '') to.text(SERVER_ADDRESS, address);
    if (port !== undefined) to.whole(SERVER_PORT, port);
    const userAgent = findHeader(start.rawHeaders, 'user-agent');
    if (userAgent !== undefined) to.text(USER_AGENT, userAgent.slice(0, MAX_USER_AGENT));
    if (grpcStatus !== undefined) to.say(this.#grpcStatuses.at(grpcStatus));
    const isFailure = statusMeant(status, grpcStatus) >= 500 || (outcome.cut === true && error !== undefined);
    if (error !== undefined || isFailure) to.text(ERROR_TYPE, error ?? typeOf(status, grpcStatus));
    if (isFailure) to.say(FAILED);
  }

  #sayChoice(to: SpanWriter, { reason, source, roll, serviceRoll }: Choice): void {
    to.say(this.#choices[reason].at(source));
    if (roll !== undefined) to.number(VERSION_ROLL, roll);
    if (serviceRoll !== undefined) to.number(SERVICE_ROLL, serviceRoll);
  }

  /**
   * On the client's side 4xx is an error too; an attempt that the client abandoned is none.
   *
   * @param method folded
   */
  attempt(
    to: SpanWriter,
    method: string,
    start: AttemptStart,
    outcome: AttemptOutcome,
    kind: AttemptKind = 'attempt',
  ): void {
    const { status, grpcStatus, error, clientLeft } = outcome;
    const place = this.#place(start.where);
    to.say(place.of[kind].at(method));
    to.say(this.#instance(start));
    if (status !== undefined) to.say(this.#statuses.at(status));
    if (grpcStatus !== undefined) to.say(this.#grpcStatuses.at(grpcStatus));
    if (start.resend > 0) to.whole(RESEND_COUNT, start.resend);
    if (clientLeft === true || (error === undefined && statusMeant(status ?? 0, grpcStatus) < 400)) return;
    to.text(ERROR_TYPE, error ?? typeOf(status ?? 0, grpcStatus));
    to.say(FAILED);
  }

  #place(where: Where): PlacePhrases {
    const known = this.#places.get(where);
    if (known !== undefined) return known;
    const made = new PlacePhrases(this.#hop, where, this.#phrasing);
    this.#places.set(where, made);
    return made;
  }

  #instance({ instanceId, address, port }: AttemptStart): Phrase {
    const known = this.#instances.get(instanceId);
    if (known !== undefined && known.address === address && known.port === port) return known.said;
    const said = this.#phrasing({
      [ATTR_SERVER_ADDRESS]: address,
      [ATTR_SERVER_PORT]: port,
      [ATTR_SLUICE_INSTANCE]: instanceId,
    });
    if (this.#instances.size >= MAX_INSTANCES) this.#instances.clear();
    this.#instances.set(instanceId, { address, port, said });
    return said;
  }
}

/** What failed, where that was no failure of ours. */
const typeOf = (status: number, grpcStatus: number | undefined): string =>
  grpcStatus === undefined || grpcStatus === 0 ? String(status) : `grpc_${grpcStatus}`;
