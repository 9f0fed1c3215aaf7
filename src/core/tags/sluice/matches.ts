import type { Match } from '../../model/match.ts';
import type { TagFault } from '../dialect.ts';
import { fatal, type TagsRead } from './reader.ts';

/** Of one instance. */
const MOST_MATCHES = 1_000;

export const matchesFault = ({ exact, prefixes, hosts, methods }: TagsRead): TagFault | undefined => {
  const paths = exact.length + prefixes.length;
  const count = [hosts.length, paths, methods.size].reduce((product, n) => product * Math.max(n, 1), 1);
  if (count <= MOST_MATCHES) return undefined;
  return fatal(`hosts, paths and methods together make ${count} matches, more than ${MOST_MATCHES}`);
};

/** Every path on every host by every method. A host alone is that host's root; what a bad tag would have said is left out. */
export const matchesOf = (read: TagsRead): Match[] => {
  const methods = [...read.methods].map(method => ({ method }));
  const conditions = {
    ...(read.headers.length === 0 ? {} : { headers: read.headers }),
    ...(read.query.length === 0 ? {} : { query: read.query }),
  };
  return hostsAndPaths(read).flatMap(match =>
    (methods.length === 0 ? [{}] : methods).map(method => ({ ...match, ...method, ...conditions })),
  );
};

const hostsAndPaths = ({ exact, prefixes, hosts, hadBadPath, hadBadHost }: TagsRead): Match[] => {
  const paths: Match[] = [
    ...[...new Set(exact)].map(path => ({ kind: 'exact' as const, path })),
    ...[...new Set(prefixes)].map(path => ({ kind: 'prefix' as const, path })),
  ];
  // With its only path (or host) bad, a rule would otherwise widen to the whole host (or to every host).
  if (paths.length === 0 && hosts.length > 0 && !hadBadPath) paths.push({ kind: 'prefix', path: '/' });
  if (hosts.length === 0) return hadBadHost ? [] : paths;
  return [...new Set(hosts)].flatMap(host => paths.map(match => ({ host, ...match })));
};
