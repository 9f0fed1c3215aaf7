/** What a status is counted as, by its class: a number that a cell can hold, where 0 is none. */
export const CLASS_NAMES = ['', '1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;

export const classOf = (status = 0): number => (status >= 100 && status < 600 ? Math.trunc(status / 100) : 6);
