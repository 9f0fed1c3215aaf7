import { ERRORS, type ErrorCode } from '../../src/core/errors.ts';

/** One line of docs/faults.md. */
export interface Row {
  readonly fault: string;
  /** What the caller sees. */
  readonly caller: string;
  readonly retried: string;
  readonly blamed: string;
}

/** @returns `502 connect_failed` as the page writes it */
export const codeText = (code: ErrorCode): string => `${ERRORS[code].status} \`${code}\``;

export const tableOf = (rows: readonly Row[]): string => {
  const lines = rows.map(
    ({ fault, caller, retried, blamed }) => `| ${fault} | ${caller} | ${retried} | ${blamed} |\n`,
  );
  return `| fault | what the caller sees | what is retried | who is blamed |\n| --- | --- | --- | --- |\n${lines.join('')}`;
};
