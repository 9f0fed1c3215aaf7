import { type ConsulClient, createConsulClient } from './client.ts';
import type { ConsulTls } from './endpoint.ts';
import { createTokenFile } from './token-file.ts';

/** As the settings of the same names have it. */
export interface ConsulSettings {
  readonly consul: string;
  readonly consulToken: string | undefined;
  readonly consulTokenFile: string | undefined;
  readonly consulTls: boolean;
  /** PEM texts. */
  readonly consulCa: string | undefined;
  readonly consulCert: string | undefined;
  readonly consulKey: string | undefined;
  readonly consulServerName: string | undefined;
  readonly consulDc: string | undefined;
}

/** The client that the settings ask for. @throws TypeError where the address is none */
export const openConsul = (settings: ConsulSettings): ConsulClient => {
  const { consul: address, consulDc: dc } = settings;
  const token = tokenOf(settings);
  const tls = tlsOf(settings);
  return createConsulClient({
    address,
    ...(token === undefined ? {} : { token }),
    ...(tls === undefined ? {} : { tls }),
    ...(dc === undefined ? {} : { dc }),
  });
};

/** The file outranks the variable, as with Consul's own tools. */
const tokenOf = ({
  consulToken,
  consulTokenFile,
}: ConsulSettings): (() => string | undefined) | undefined => {
  if (consulTokenFile !== undefined) return createTokenFile(consulTokenFile);
  return consulToken === undefined ? undefined : () => consulToken;
};

/** Naming a certificate, ours or theirs, asks for https. */
const tlsOf = ({
  consulTls,
  consulCa: ca,
  consulCert: cert,
  consulKey: key,
  consulServerName: servername,
}: ConsulSettings): ConsulTls | undefined => {
  if (!consulTls && ca === undefined && cert === undefined) return undefined;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  };
};
