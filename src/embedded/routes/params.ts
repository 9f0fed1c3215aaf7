import { ApiError } from '../errors.ts';

/** `?name`, `?name=1`, `?name=true`. */
export const isSet = (params: URLSearchParams, name: string): boolean => {
  const value = params.get(name);
  return value === '' || (value !== null && readFlag(name, value));
};

/** @throws ApiError */
export const readFlag = (name: string, value: string): boolean => {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new ApiError(400, `Invalid value for ${name}: ${JSON.stringify(value)}`);
};
