/** How a case is sent. */
export interface Mode {
  /** What the client sends after it. */
  readonly behind: string;
  /** The pieces in which it goes out, each in a turn of its own. */
  readonly cut: (text: string) => readonly string[];
}

/** A request that must come out as it went in, or not at all. */
const MARKER = 'GET /marker HTTP/1.1\r\nHost: marker.example\r\nConnection: close\r\n\r\n';

const whole = (text: string): string[] => [text];

const thirds = (text: string): string[] => {
  const size = Math.ceil(text.length / 3);
  return [text.slice(0, size), text.slice(size, 2 * size), text.slice(2 * size)].filter(
    piece => piece !== '',
  );
};

/** One by one, as far as that is worth its time. */
const bytes = (text: string): string[] =>
  [...text.slice(0, 2_048), text.slice(2_048)].filter(piece => piece !== '');

export const MODES: Readonly<Record<string, Mode>> = {
  whole: { behind: '', cut: whole },
  'with another behind it': { behind: MARKER, cut: whole },
  'in three pieces': { behind: MARKER, cut: thirds },
  'byte by byte': { behind: MARKER, cut: bytes },
};
