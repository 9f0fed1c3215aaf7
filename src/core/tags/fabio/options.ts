/** The options of one tag, by name; of one that is given twice the last. */
export type Options = ReadonlyMap<string, string>;

export const readOptions = (text: string): Options =>
  new Map(
    text
      .split(/\s+/)
      .filter(option => option !== '')
      .map(option => {
        const at = option.indexOf('=');
        return at < 0 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)];
      }),
  );
