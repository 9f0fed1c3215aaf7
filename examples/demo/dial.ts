import type { RoutesAnswer } from '../../src/admin/api.ts';
import type { WeightsAnswer } from '../../src/admin/weights-api.ts';

/** The split asked for, and who is there to serve it, as the gateway tells. */
export interface Dial {
  /** As the operator set them; absent where nobody set any. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly versions: readonly { readonly version: string; readonly share: number; readonly live: number }[];
}

/** @param admin `host:port` of the gateway's admin API */
export const readDial = async (admin: string, service: string): Promise<Dial> => {
  const [{ routes }, { services }] = await Promise.all([
    get<RoutesAnswer>(`http://${admin}/api/routes`),
    get<WeightsAnswer>(`http://${admin}/api/weights`),
  ]);
  const weights = services[service]?.weights;
  const versions =
    routes.flatMap(({ backends }) => backends).find(each => each.service === service)?.versions ?? [];
  return {
    ...(weights === undefined ? {} : { weights }),
    versions: versions
      .map(({ version, share, instances }) => ({ version, share, live: instances.length }))
      .sort((a, b) => (a.version < b.version ? -1 : 1)),
  };
};

const get = async <T>(url: string): Promise<T> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T;
};
