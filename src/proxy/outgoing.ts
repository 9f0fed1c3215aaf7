import type { RequestChange } from '../core/filters/compile.ts';
import { editFields } from '../core/filters/header-change.ts';
import type { Target } from '../core/model/rule.ts';
import { formatHostPort } from '../core/values.ts';
import { askedPort } from './client.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { fieldsOf, linesOf } from './field-lines.ts';
import type { Intake } from './intake.ts';

/**
 * The field lines of a request that goes to a target, but for those that frame its body, and those of the single attempt.
 *
 * @param httpVersion of the client
 * @param change what the rule wants of them
 */
export const outgoingLines = (
  { via, trusts, upstreamHost }: Context,
  connection: Connection,
  httpVersion: string,
  { client, head, target: asked, requestId }: Intake,
  { instance: { address, port }, host }: Target,
  change: RequestChange | undefined,
): string => {
  // An HTTP/1.0 client may not have said whom it wants; an HTTP/1.1 server must be told.
  const authority = asked.authority === '' ? formatHostPort({ host: address, port }) : asked.authority;
  const byDefault = upstreamHost === 'preserve' ? authority : formatHostPort({ host: address, port });
  const stamped = connection.stamp.lines(head, {
    authority,
    host: host ?? change?.hostname ?? byDefault,
    scheme: connection.scheme,
    httpVersion,
    peerAddress: connection.peerAddress,
    clientScheme: client.scheme,
    port: askedPort(asked.port, client),
    via,
    trusted: connection.isTrusted(trusts),
  });
  const lines =
    change?.headers === undefined
      ? linesOf(head.fields) + stamped
      : linesOf(editFields([...head.fields, ...fieldsOf(stamped)], change.headers));
  return `${lines}X-Request-Id: ${requestId}\r\n`;
};
