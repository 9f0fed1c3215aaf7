/** By what all requests of a rule are counted together. */
export const EVERYBODY = 'all';

/** How an account is called among processes. @param id of its limit @param key of its caller, without blanks */
export const accountName = (id: string, key: string): string => `${id} ${key}`;

/** The two parts of a name. */
export const readAccountName = (name: string): { readonly id: string; readonly key: string } => {
  const at = name.lastIndexOf(' ');
  return { id: name.slice(0, at), key: name.slice(at + 1) };
};
