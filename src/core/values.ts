/**
 * How settings are spelled, the same in flags, environment and files. Each reader gives the value, or
 * undefined where the text is none.
 */

export interface HostPort {
  /** Empty for every address. IPv6 without brackets. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/** `host:port`, `[::1]:port`, `:port`; never a bare port, which people confuse with a count. */
export const readHostPort = (text: string): HostPort | undefined => {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  return found === null || port > 65_535 ? undefined : { host: found[1] ?? found[2] ?? '', port };
};

/** The host of a URL's authority as sockets take it: IPv6 without brackets. */
export const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** As a URL's authority spells it: IPv6 in brackets. */
export const formatHostPort = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const DESCENDING_UNITS = Object.entries(UNITS).reverse();

/** Whether this can be connected to: a host name, an IPv4 address, or an IPv6 address without brackets and zone. */
export const isHost = (text: string): boolean =>
  /^[\w.:-]+$/.test(text) && URL.canParse(`http://${formatHostPort({ host: text, port: 80 })}`);

/** `250ms`, `2s`, `1.5m`, `1h` in milliseconds; a number without unit is none, since nobody agrees on it. */
export const readDuration = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  return found === null ? undefined : Number(found[1]) * UNITS[found[2] as keyof typeof UNITS];
};

/** The largest unit that gives a whole number: `90s`, `15m`. */
export const formatDuration = (ms: number): string => formatIn(DESCENDING_UNITS, ms);

const SIZES = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  KiB: 2 ** 10,
  MB: 1e6,
  MiB: 2 ** 20,
  GB: 1e9,
  GiB: 2 ** 30,
} as const;

const BINARY_SIZES = Object.entries(SIZES)
  .filter(([name]) => /i|^B/.test(name))
  .reverse();

/** `240B`, `32KiB`, `1MB` in whole bytes; as with durations, a number without unit is none. */
export const readSize = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?)\s?([kKMG]?i?B)$/.exec(text.trim());
  const unit = SIZES[found?.[2] as keyof typeof SIZES];
  return found === null || unit === undefined ? undefined : Math.floor(Number(found[1]) * unit);
};

/** The largest binary unit that gives a whole number: `32KiB`, `240B`. */
export const formatSize = (bytes: number): string => formatIn(BINARY_SIZES, bytes);

const formatIn = (units: readonly (readonly [string, number])[], value: number): string => {
  const [name, unit] = units.find(([, unit]) => value >= unit && value % unit === 0) ?? ['', 1];
  return `${value / unit}${name}`;
};

/** A whole number from 1. */
export const readCount = (text: string): number | undefined =>
  /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : undefined;

/** `true/false`, `on/off`, `yes/no`, `1/0`. */
export const readSwitch = (text: string): boolean | undefined =>
  /^(true|on|yes|1)$/i.test(text) ? true : /^(false|off|no|0)$/i.test(text) ? false : undefined;

/** `5 %`, `33.33 %`: two decimals at most. */
export const formatShare = (share: number): string => `${Number((share * 100).toFixed(2))} %`;

/** A share in [0, 1]: `0.01` or `1%`. */
export const readRatio = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim());
  const ratio = Number(found?.[1]) / (found?.[2] === '%' ? 100 : 1);
  return ratio >= 0 && ratio <= 1 ? ratio : undefined;
};
