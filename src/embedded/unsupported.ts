import { ApiError } from './errors.ts';

/** Better a refusal than a service that never passes, or a mesh that is not there. */
export const refuseUnsupported = (what: string, fields: Readonly<Record<string, unknown>>): void => {
  const name = Object.keys(fields).find(field => isGiven(fields[field]));
  if (name === undefined) return;
  throw new ApiError(
    400,
    `The embedded agent does not support ${name} of a ${what}: use a real Consul agent`,
  );
};

/** Clients send empty structures for what they don't use. */
export const isGiven = (value: unknown): boolean => {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(isGiven);
  return value !== undefined && value !== null && value !== '' && value !== 0 && value !== false;
};
