/** Where a rule comes from, as explanations name it and as ties between rules are settled. */
export type Origin = TagOrigin | DocumentOrigin;

/** The tags of a service's instances. */
export interface TagOrigin {
  readonly from: 'tags';
  readonly service: string;
  /** Of the oldest instance that carries the match. */
  readonly createIndex: number;
}

/** One match of one rule of a route document. */
export interface DocumentOrigin {
  readonly from: 'document';
  /** `namespace/name`, one document's alone. */
  readonly name: string;
  /** Of the rule in the document, from 0. */
  readonly index: number;
  /** The rule's own name, where it has one. */
  readonly rule?: string;
  /** Where it was read: `routes/shop.yaml:12`, `sluice/routes/shop:12`. */
  readonly place: string;
  /** Epoch milliseconds. One that does not say is younger than all that do. */
  readonly createdAt?: number;
  /** Of the key in Consul: among those that don't say when they were created, keys come first, in this order. */
  readonly createIndex?: number;
}

/**
 * Which of two rules goes first where their matches are equal: a document before tags; of documents the older, then by
 * name, then by the place in it (Gateway API, HTTPRouteRule); of tags those that were registered first, then by name.
 *
 * @returns below 0 where it is `a`
 */
export const compareOrigins = (a: Origin, b: Origin): number => {
  if (a.from === 'document') return b.from === 'document' ? compareDocuments(a, b) : -1;
  if (b.from === 'document') return 1;
  return a.createIndex - b.createIndex || compareText(a.service, b.service);
};

const compareDocuments = (a: DocumentOrigin, b: DocumentOrigin): number => {
  const { createdAt: ageOfA = YOUNGEST } = a;
  const { createdAt: ageOfB = YOUNGEST } = b;
  const { createIndex: indexOfA = YOUNGEST } = a;
  const { createIndex: indexOfB = YOUNGEST } = b;
  return ageOfA - ageOfB || indexOfA - indexOfB || compareText(a.name, b.name) || a.index - b.index;
};

const YOUNGEST = Number.MAX_SAFE_INTEGER;

/** By code units, the same everywhere. */
const compareText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** As people read it: `service orders`, `document default/shop, rule 2 (checkout)`. */
export const originText = (origin: Origin): string => {
  if (origin.from === 'tags') return `service ${origin.service}`;
  const { name, index, rule } = origin;
  return `document ${name}, rule ${index + 1}${rule === undefined ? '' : ` (${rule})`}`;
};
