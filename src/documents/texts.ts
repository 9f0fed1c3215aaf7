/** What stands in a file or under a key, or why it can't be had. */
export type Text = {
  /** The path of a file, or `consul:` and a key. */
  readonly name: string;
  /** Of a key in Consul: the lower, the older. */
  readonly createIndex?: number;
} & ({ readonly text: string } | { readonly failure: string });
