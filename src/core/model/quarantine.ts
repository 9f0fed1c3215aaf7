export const QUARANTINE_KINDS = [
  'tag', // one that can't be read, or not be honoured
  'document', // a route document that can't be read
  'conflict', // a match that somebody else holds
  'limit', // one more than a request may cost
  'disagreement', // instances of one version say different things, and one of them counts
  'typo', // a tag that looks as if it were meant to be read, and is not: a warning only
  'unshared', // a rate limit of all gateways together that each counts alone, for lack of Redis: a warning only
] as const;

/** Something that is not in force as its owner wants it, and why; everything else keeps working. */
export interface Problem {
  readonly kind: (typeof QUARANTINE_KINDS)[number];
  /** Who can mend it: a service, or a document as `namespace/name`. */
  readonly owner: string;
  /** Whose it is, where it is one service's. */
  readonly service?: string;
  /** The instance whose tag is at fault, where it is one instance's. */
  readonly instance?: string;
  /** Where it is written, for a document: `routes/shop.yaml:12:7`. */
  readonly place?: string;
  /** The tag, the field of the document, or the match that two claim. */
  readonly subject: string;
  /** Ends with what to do about it. */
  readonly reason: string;
}

/** A problem, for as long as it lasts. */
export interface Quarantined extends Problem {
  /** Epoch milliseconds. */
  readonly since: number;
}
