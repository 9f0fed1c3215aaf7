import { type ClientHttp2Stream, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { formatHostPort } from '../src/core/values.ts';

/** How a program that speaks HTTP/2 in the clear is asked whether it is well (probe.ts). */

const TIMEOUT = 1_000;

/** The method of gRPC by which a server tells (grpc/grpc, doc/health-checking.md). */
export const GRPC_HEALTH = '/grpc.health.v1.Health/Check';

/** @returns what is wrong, or undefined where the path answers 2xx */
export const tryGetOverHttp2 = (address: string, port: number, path: string): Promise<string | undefined> =>
  ask(address, port, { ':path': path }, (stream, done) => {
    stream.end().once('response', ({ ':status': status = 0 }) => {
      done(status >= 200 && status < 300 ? undefined : `GET ${path} answers ${status}`);
    });
  });

/** @returns what is wrong, or undefined where the server as a whole is SERVING */
export const tryGrpcHealth = (address: string, port: number): Promise<string | undefined> =>
  ask(address, port, GRPC_CALL, (stream, done) => {
    let status: unknown;
    let said = '';
    const onFields = ({ 'grpc-status': told = status }): void => {
      status = told;
    };
    stream
      .on('response', onFields)
      .on('trailers', onFields)
      .on('data', (piece: Buffer) => {
        said += piece.toString('hex');
      })
      .once('close', () => {
        if (status !== '0') done(`${GRPC_HEALTH} answers with status ${status ?? 'unknown'}`);
        else done(said === SERVING ? undefined : `${GRPC_HEALTH} says that it does not serve`);
      })
      .end(WHOLE_SERVER);
  });

const GRPC_CALL = {
  ':method': 'POST',
  ':path': GRPC_HEALTH,
  'content-type': 'application/grpc',
  te: 'trailers',
};

/** An empty HealthCheckRequest, not compressed, with its length. */
const WHOLE_SERVER = Buffer.alloc(5);

/** A HealthCheckResponse in the same frame, in hex: field 1 is 1. */
const SERVING = '00000000020801';

const ask = (
  address: string,
  port: number,
  head: OutgoingHttpHeaders,
  follow: (stream: ClientHttp2Stream, done: (reason: string | undefined) => void) => void,
): Promise<string | undefined> =>
  new Promise(resolve => {
    const session = connect(`http://${formatHostPort({ host: address, port })}`);
    const done = (reason: string | undefined): void => {
      clearTimeout(timer);
      resolve(reason);
      session.destroy();
    };
    const timer = setTimeout(() => done(`${head[constants.HTTP2_HEADER_PATH]} does not answer`), TIMEOUT);
    session.once('error', () => done(`nothing answers in HTTP/2 on port ${port}`));
    const fields = { ...head, 'user-agent': 'sluice-sidecar' };
    follow(
      session.request(fields, { endStream: false }).once('error', () => {}),
      done,
    );
  });
