import { ConsulError } from './errors.ts';

/** A failure below HTTP, as Node and undici tell of it. */
export type ConnectionTrouble = Error & { readonly code?: string };

export const timeoutFailure = (address: string, deadlineMs: number): ConsulError =>
  new ConsulError('timeout', `Consul at ${address} did not answer within ${Math.round(deadlineMs)} ms`, {
    hint: 'it may be overloaded, or the network between may be cut',
  });

export const connectionFailure = (trouble: ConnectionTrouble | undefined, address: string): ConsulError => {
  const reason = reasonOf(trouble);
  return new ConsulError('unreachable', `Consul at ${address} cannot be reached (${reason})`, {
    hint: hintFor(reason),
  });
};

const hintFor = (reason: string): string => {
  if (/ALERT.*CERTIFICATE|CERTIFICATE.REQUIRED/i.test(reason))
    return 'it asks for a certificate: CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY name ours';
  if (/ALTNAME/.test(reason))
    return 'its certificate is for another name: CONSUL_TLS_SERVER_NAME says which one is expected';
  return /CERT|SSL|EPROTO|UNABLE_TO/.test(reason)
    ? 'CONSUL_CACERT names the authority of its certificate, CONSUL_HTTP_SSL says whether it speaks https'
    : 'see that a Consul agent listens there; --consul or CONSUL_HTTP_ADDR names another';
};

const reasonOf = (trouble: ConnectionTrouble | undefined): string => {
  // One error for each address that a name resolves to; its own message is empty.
  const first = trouble instanceof AggregateError ? (trouble.errors[0] as ConnectionTrouble) : trouble;
  return first?.code ?? first?.message ?? 'the connection broke';
};
