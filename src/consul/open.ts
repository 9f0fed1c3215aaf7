import { type ConsulClient, createConsulClient } from './client.ts';

/** As the settings of the same names have it. */
export interface ConsulSettings {
  readonly consul: string;
  readonly consulToken: string | undefined;
  readonly consulTls: boolean;
  /** PEM text. */
  readonly consulCa: string | undefined;
}

/** The client that the settings ask for. @throws TypeError where the address is none */
export const openConsul = ({ consul, consulToken, consulTls, consulCa }: ConsulSettings): ConsulClient =>
  createConsulClient({
    address: consul,
    ...(consulToken === undefined ? {} : { token: consulToken }),
    ...(consulCa === undefined ? (consulTls ? { tls: {} } : {}) : { tls: { ca: consulCa } }),
  });
