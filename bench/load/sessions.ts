import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';

/** One HTTP/2 connection for each so many lanes, opened by the first of them. */
export interface Sessions {
  of(lane: number): Promise<ClientHttp2Session>;
}

/** @param origin `https://127.0.0.1:PORT`, or `http://…` for prior knowledge */
export const openSessions = (origin: string, connections: number): Sessions => {
  const sessions = new Map<number, Promise<ClientHttp2Session>>();
  const open = async (): Promise<ClientHttp2Session> => {
    const session = connect(origin, { rejectUnauthorized: false });
    await once(session, 'connect');
    // Whoever has a stream on it hears of its end.
    session.on('error', () => {});
    return session;
  };
  return {
    of: lane => {
      const at = lane % connections;
      const session = sessions.get(at) ?? open();
      sessions.set(at, session);
      return session;
    },
  };
};
