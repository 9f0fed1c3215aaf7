import { describe } from 'node:test';
import { conformance, type Row } from './harness.ts';
import { route } from './routes.ts';

/** @param fields of the filter */
const redirect = (path: string, fields: string): string => `
    - matches: [{path: {type: PathPrefix, value: ${path}}}]
      filters: [{type: RequestRedirect, requestRedirect: {${fields}}}]`;

const HTTP = { scheme: 'http', port: 80 } as const;

const row = (
  asked: Partial<Row['asked']> & { readonly path: string },
  status: number,
  location: NonNullable<Row['expected']['location']>,
): Row => ({ asked: { entrance: HTTP, ...asked }, expected: { status, location } });

describe('HTTPRoute303Redirect', () => {
  const rules = redirect('/see-other', 'statusCode: 303');
  conformance(route('303-redirect', rules), [row({ method: 'POST', path: '/see-other' }, 303, {})]);
});

describe('HTTPRoute307Redirect', () => {
  const rules = redirect('/temporary', 'statusCode: 307');
  conformance(route('307-redirect', rules), [row({ path: '/temporary' }, 307, {})]);
});

describe('HTTPRoute308Redirect', () => {
  const rules = redirect('/permanent', 'statusCode: 308');
  conformance(route('308-redirect', rules), [row({ path: '/permanent' }, 308, {})]);
});

describe('HTTPRouteRedirectHostAndStatus', () => {
  const rules = [
    redirect('/hostname-redirect', 'hostname: example.org'),
    redirect('/host-and-status', 'hostname: example.org, statusCode: 301'),
  ];
  conformance(route('redirect-host-and-status', rules.join('')), [
    row({ path: '/hostname-redirect' }, 302, { host: 'example.org' }),
    row({ path: '/host-and-status' }, 301, { host: 'example.org' }),
  ]);
});

describe('HTTPRouteRedirectPath', () => {
  const prefix = 'path: {type: ReplacePrefixMatch, replacePrefixMatch: /replacement-prefix}';
  const full = 'path: {type: ReplaceFullPath, replaceFullPath: /replacement-full}';
  const rules = [
    redirect('/original-prefix', prefix),
    redirect('/full', 'path: {type: ReplaceFullPath, replaceFullPath: /full-path-replacement}'),
    redirect('/path-and-host', `${prefix}, hostname: example.org`),
    redirect('/path-and-status', `${prefix}, statusCode: 301`),
    redirect('/full-path-and-host', `${full}, hostname: example.org`),
    redirect('/full-path-and-status', `${full}, statusCode: 301`),
  ];
  conformance(route('redirect-path', rules.join('')), [
    row({ path: '/original-prefix/lemon' }, 302, { path: '/replacement-prefix/lemon' }),
    row({ path: '/full/path/original' }, 302, { path: '/full-path-replacement' }),
    row({ path: '/path-and-host' }, 302, { host: 'example.org', path: '/replacement-prefix' }),
    row({ path: '/path-and-status' }, 301, { path: '/replacement-prefix' }),
    row({ path: '/full-path-and-host' }, 302, { host: 'example.org', path: '/replacement-full' }),
    row({ path: '/full-path-and-status' }, 301, { path: '/replacement-full' }),
  ]);
});

describe('HTTPRouteRedirectPort', () => {
  const rules = [
    redirect('/port', 'port: 8083'),
    redirect('/port-and-host', 'port: 8083, hostname: example.org'),
    redirect('/port-and-status', 'port: 8083, statusCode: 301'),
    redirect('/port-and-host-and-status', 'port: 8083, hostname: example.org, statusCode: 302'),
  ];
  conformance(route('redirect-port', rules.join('')), [
    row({ path: '/port' }, 302, { port: '8083' }),
    row({ path: '/port-and-host' }, 302, { port: '8083', host: 'example.org' }),
    row({ path: '/port-and-status' }, 301, { port: '8083' }),
    row({ path: '/port-and-host-and-status' }, 302, { port: '8083', host: 'example.org' }),
  ]);
});

describe('HTTPRouteRedirectScheme', () => {
  const rules = [
    redirect('/scheme', 'scheme: https'),
    redirect('/scheme-and-host', 'scheme: https, hostname: example.org'),
    redirect('/scheme-and-status', 'scheme: https, statusCode: 301'),
    redirect('/scheme-and-host-and-status', 'scheme: https, hostname: example.org, statusCode: 302'),
  ];
  conformance(route('redirect-scheme', rules.join('')), [
    row({ path: '/scheme' }, 302, { scheme: 'https' }),
    row({ path: '/scheme-and-host' }, 302, { scheme: 'https', host: 'example.org' }),
    row({ path: '/scheme-and-status' }, 301, { scheme: 'https' }),
    row({ path: '/scheme-and-host-and-status' }, 302, { scheme: 'https', host: 'example.org' }),
  ]);
});

describe('HTTPRouteRedirectPortAndScheme', () => {
  const hostname = 'example.org';
  const rules = [
    redirect('/scheme-nil-and-port-nil', 'hostname: example.org'),
    redirect('/scheme-nil-and-port-80', 'hostname: example.org, port: 80'),
    redirect('/scheme-nil-and-port-443', 'hostname: example.org, port: 443'),
    redirect('/scheme-nil-and-port-8080', 'hostname: example.org, port: 8080'),
    redirect('/scheme-nil-and-port-8443', 'hostname: example.org, port: 8443'),
    redirect('/scheme-http-and-port-nil', 'hostname: example.org, scheme: http'),
    redirect('/scheme-http-and-port-80', 'hostname: example.org, scheme: http, port: 80'),
    redirect('/scheme-http-and-port-8080', 'hostname: example.org, scheme: http, port: 8080'),
    redirect('/scheme-https-and-port-nil', 'hostname: example.org, scheme: https'),
    redirect('/scheme-https-and-port-443', 'hostname: example.org, scheme: https, port: 443'),
    redirect('/scheme-https-and-port-8443', 'hostname: example.org, scheme: https, port: 8443'),
  ];
  const on8080 = { entrance: { scheme: 'http', port: 8080 } } as const;
  const onTls = { entrance: { scheme: 'https', port: 443 } } as const;
  const http = { scheme: 'http', host: hostname };
  const https = { scheme: 'https', host: hostname };
  conformance(route('redirect-port-and-scheme', rules.join('')), [
    row({ path: '/scheme-nil-and-port-nil' }, 302, http),
    row({ path: '/scheme-nil-and-port-80' }, 302, http),
    row({ path: '/scheme-nil-and-port-8080' }, 302, { ...http, port: '8080' }),
    row({ path: '/scheme-https-and-port-nil' }, 302, https),
    row({ path: '/scheme-https-and-port-443' }, 302, https),
    row({ path: '/scheme-https-and-port-8443' }, 302, { ...https, port: '8443' }),
    row({ path: '/scheme-nil-and-port-nil', ...on8080 }, 302, { ...http, port: '8080' }),
    row({ path: '/scheme-nil-and-port-80', ...on8080 }, 302, http),
    row({ path: '/scheme-https-and-port-nil', ...on8080 }, 302, https),
    row({ path: '/scheme-nil-and-port-nil', ...onTls }, 302, https),
    row({ path: '/scheme-nil-and-port-443', ...onTls }, 302, https),
    row({ path: '/scheme-nil-and-port-8443', ...onTls }, 302, { ...https, port: '8443' }),
    row({ path: '/scheme-http-and-port-nil', ...onTls }, 302, http),
    row({ path: '/scheme-http-and-port-80', ...onTls }, 302, http),
    row({ path: '/scheme-http-and-port-8080', ...onTls }, 302, { ...http, port: '8080' }),
  ]);
});
