/** Why the file system would not, in one line that ends in a hint where there is one. */
export const describeFailure = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const hint = HINTS[code];
  return hint === undefined ? message : `${message}: ${hint}`;
};

const FULL = 'make room there, or choose another folder with --state-dir';
const FORBIDDEN = 'let the user of this process write there, or choose another folder with --state-dir';
const NO_FOLDER = '--state-dir must name a folder, or one that can be made';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: FULL,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: FORBIDDEN,
  ENOTDIR: NO_FOLDER,
  EEXIST: NO_FOLDER,
};
