/** What stands in a file or under a key, or why it can't be had. */
export type Text = {
  /** The path of a file, or `consul:` and a key. */
  readonly name: string;
  /** Of a key in Consul: the lower, the older. */
  readonly createIndex?: number;
} & Content;

export type Content = { readonly text: string } | { readonly failure: string };

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes as text. What is none would only fill the screen with what YAML has to say of it. */
export const decode = (bytes: Uint8Array): Content => {
  const failure = 'it is not text; route documents are YAML or JSON in UTF-8';
  if (bytes.includes(0)) return { failure };
  try {
    return { text: UTF8.decode(bytes) };
  } catch {
    return { failure };
  }
};

/** Why a file or folder can't be read, and what to do about it. */
export const describeUnread = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? `it can't be read: ${code ?? message}`;
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; is the path right, seen from the working directory?',
  ENOTDIR: 'there is no such file or folder: a part of its path is a file',
  EACCES: "it may not be read; give this process's user the right to read it",
  EPERM: "it may not be read; give this process's user the right to read it",
  ELOOP: 'it is a link that leads back to itself',
};
