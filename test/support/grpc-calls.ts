import { type Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { ECHO } from './grpc-service.ts';

/** Calls of the service of grpc-service.ts, as a client makes them. */

/** What a caller is told of a unary call. */
export interface Told {
  readonly error: ServiceError | null;
  readonly text: string | undefined;
  /** At the begin. */
  readonly metadata: Metadata;
  /** At the end. */
  readonly trailers: Metadata;
}

export const unary = (
  client: Client,
  text: string,
  { metadata = new Metadata(), deadline = Date.now() + 10_000 } = {},
): Promise<Told> =>
  new Promise(resolve => {
    const { path, requestSerialize, responseDeserialize } = ECHO.unary;
    let first = new Metadata();
    let trailers = new Metadata();
    client
      .makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        text,
        metadata,
        { deadline },
        (error, answer) => setImmediate(() => resolve({ error, text: answer, metadata: first, trailers })),
      )
      .on('metadata', each => {
        first = each;
      })
      .on('status', each => {
        trailers = each.metadata;
      });
  });

export const upload = (client: Client, texts: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = ECHO.upload;
    const call = client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      (error, answer) => (error === null ? resolve(answer) : reject(error)),
    );
    for (const text of texts) call.write(text);
    call.end();
  });

export const download = (client: Client, text: string, metadata = new Metadata()) =>
  client.makeServerStreamRequest(
    ECHO.download.path,
    ECHO.download.requestSerialize,
    ECHO.download.responseDeserialize,
    text,
    metadata,
  );

export const chat = (client: Client) =>
  client.makeBidiStreamRequest(ECHO.chat.path, ECHO.chat.requestSerialize, ECHO.chat.responseDeserialize);
