/** One sample of a Prometheus page by its whole name with labels, e.g. `sluice_spans_total{result="dropped"}`. */
export const metric = (page: string, name: string): number => {
  const line = page.split('\n').find(each => each.startsWith(`${name} `));
  if (line === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(line.slice(name.length));
};

/** Codes of the errors that a gateway answered with. */
export const errorCodes = (page: string): string[] => [
  ...new Set(
    [...page.matchAll(/^sluice_requests_total\{.*\berror="([^"]+)"/gm)].map(([, code = '']) => code),
  ),
];

export const readText = async (url: string): Promise<string> => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(15_000) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.text();
};
