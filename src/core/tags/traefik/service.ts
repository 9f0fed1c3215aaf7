import { hash32 } from '../../hash.ts';
import type { Protocol } from '../../model/speech.ts';
import type { RuleSettings } from '../../model/traffic.ts';
import { formatHostPort } from '../../values.ts';
import type { InstanceUse, TagSource } from '../dialect.ts';
import { isToken } from '../spelling.ts';
import { readFlag, type Section } from './labels.ts';

/** How the servers of one service are called. */
export interface Server {
  readonly use: InstanceUse;
  readonly settings: RuleSettings;
  /** Weight 0: it is there, and gets no requests. */
  readonly isIdle: boolean;
}

/** What Consul does for us, and what makes no difference to a request's way. */
const NEEDLESS =
  /^loadbalancer\.(healthcheck|responseforwarding|passivehealthcheck)\.|^loadbalancer\.(strategy|serverstransport|server\.preservepath)$/;

const STICKY = /^loadbalancer\.sticky\.cookie(\.(secure|httponly|samesite|maxage|path|domain))?$/;

const SCHEMES: readonly Protocol[] = ['http', 'https', 'h2c'];

/** @returns in words, why requests cannot be sent as the tags want it */
export const readService = (name: string, section: Section, source: TagSource): Server | string => {
  let port: number | undefined;
  let weight: number | undefined;
  let passHost = true;
  let cookie: string | undefined;
  let protocol: Protocol | undefined;
  for (const [key, { tag, value }] of section) {
    if (key === 'loadbalancer.server.port') {
      port = Number(value);
      if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_535)
        return `${tag}: a port is a number up to 65535`;
    } else if (key === 'loadbalancer.server.weight') {
      weight = Number(value);
      if (!/^-?\d{1,9}$/.test(value)) return `${tag}: a weight is a whole number`;
    } else if (key === 'loadbalancer.server.scheme') {
      protocol = SCHEMES.find(scheme => scheme === value.toLowerCase());
      if (protocol === undefined) return `${tag}: a scheme is one of ${SCHEMES.join(', ')}`;
    } else if (key === 'loadbalancer.passhostheader') {
      const flag = readFlag(value);
      if (flag === undefined) return `${tag}: this is true or false`;
      passHost = flag;
    } else if (key === 'loadbalancer.sticky.cookie.name') {
      cookie = value;
    } else if (STICKY.test(key)) {
      if (readFlag(value) !== false || key !== 'loadbalancer.sticky.cookie') cookie ??= '';
    } else if (!NEEDLESS.test(key)) return `${tag}: this field of a service is not supported`;
  }
  if (cookie !== undefined && cookie !== '' && !isToken(cookie))
    return `the name of its cookie, "${cookie}", is none`;
  return {
    use: {
      ...(port === undefined ? {} : { port }),
      ...(protocol === undefined ? {} : { protocol }),
      ...(weight === undefined || weight <= 0 ? {} : { weight }),
      ...(passHost ? {} : { host: formatHostPort({ host: source.address, port: port ?? source.port }) }),
    },
    settings: cookie === undefined ? {} : stickyTo(cookie === '' ? defaultCookie(name) : cookie, name),
    isIdle: weight !== undefined && weight <= 0,
  };
};

/** Traefik binds a caller to one server, by whichever of the service's routers it comes. */
const stickyTo = (name: string, service: string): RuleSettings => ({
  session: { by: 'cookie', name, scope: `traefik/${service}` },
});

const defaultCookie = (service: string): string =>
  `_${hash32(service).toString(16).padStart(8, '0').slice(0, 5)}`;
