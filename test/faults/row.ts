import type { TestContext } from 'node:test';
import { ERRORS, type ErrorCode } from '../../src/core/errors.ts';
import type { LIMIT_SETTINGS } from '../../src/core/settings/limit-settings.ts';
import type { Timeouts } from '../../src/core/settings/limits.ts';
import { settingKey } from '../../src/core/settings/settings.ts';

/** One line of docs/faults.md. */
export interface Row {
  readonly fault: string;
  /** What the caller sees. */
  readonly caller: string;
  readonly retried: string;
  readonly blamed: string;
}

/** A line whose test is a story of its own. */
export interface Scene extends Row {
  readonly play: (t: TestContext) => Promise<void>;
}

/** @returns `502 connect_failed` as the page writes it */
export const codeText = (code: ErrorCode): string => `${ERRORS[code].status} \`${code}\``;

/** The settings of the time-outs that rows name. */
const SETTING_OF = {
  connect: 'connectTimeout',
  responseHead: 'tryTimeout',
  responseStall: 'responseIdleTimeout',
  requestHead: 'headTimeout',
  clientStall: 'clientTimeout',
} as const satisfies Partial<Record<keyof Timeouts, keyof typeof LIMIT_SETTINGS>>;

export const timeoutText = (timeout: keyof typeof SETTING_OF): string =>
  ` after \`${settingKey(SETTING_OF[timeout])}\``;

export const tableOf = (rows: readonly Row[]): string => {
  const lines = rows.map(
    ({ fault, caller, retried, blamed }) => `| ${fault} | ${caller} | ${retried} | ${blamed} |\n`,
  );
  return `| fault | what the caller sees | what is retried | who is blamed |\n| --- | --- | --- | --- |\n${lines.join('')}`;
};
