/** The catalog's rows, with the field names of Consul's API. */

export const CHECK_STATES = ['passing', 'warning', 'critical'] as const;

export type CheckStatus = (typeof CHECK_STATES)[number];

export const isCheckStatus = (text: string): text is CheckStatus =>
  (CHECK_STATES as readonly string[]).includes(text);

/** Where a row came and when it last changed, in terms of `X-Consul-Index`. */
export interface Indexes {
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export interface NodeRow {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter: string;
  readonly TaggedAddresses: Readonly<Record<string, string>> | null;
  readonly Meta: Readonly<Record<string, string>> | null;
}

export interface ServiceRow {
  readonly Node: string;
  readonly ID: string;
  readonly Service: string;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
  readonly Port: number;
  readonly Address: string;
  readonly TaggedAddresses?: Readonly<Record<string, { readonly Address: string; readonly Port: number }>>;
  readonly Weights: { readonly Passing: number; readonly Warning: number };
  readonly EnableTagOverride: boolean;
}

export interface CheckRow {
  readonly Node: string;
  readonly CheckID: string;
  readonly Name: string;
  readonly Status: CheckStatus;
  readonly Notes: string;
  readonly Output: string;
  /** Empty for a check of the whole node. */
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly ServiceTags: readonly string[];
  readonly Type: string;
}

export type Stored<Row> = Row & Indexes;
