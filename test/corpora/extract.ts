import { readLiterals, withoutEscapes } from './literals.ts';
import { fill, withField } from './template.ts';

/** Bytes that somebody has thought worth sending to a server, one character a byte. */
export type Raw = string;

/** What a file of a corpus holds, by the end of its name; others hold nothing that could be read. */
export const extract = (path: string, text: string): Raw[] => {
  const kind = /\.(\w+)$/.exec(path)?.[1] ?? '';
  const found = (READERS[kind] ?? none)(text);
  return found
    .flatMap(fill)
    .filter(raw => raw.length > 8 && raw.length < 64 * 1024 && !raw.startsWith(HTTP_2));
};

/** What follows is another protocol, which the gateway speaks. */
const HTTP_2 = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const none = (): Raw[] => [];

/** A fenced block of which the fence says that it is HTTP. Some write all ends of lines out, others only odd ones. */
const fromMarkdown = (text: string): Raw[] =>
  [...text.matchAll(/^```http\r?\n([\s\S]*?)\n```$/gm)].map(([, block = '']) => {
    const lines = block.replace(/\\\r?\n/g, '').split(/\r?\n/);
    const areWrittenOut = lines.filter(line => line.endsWith('\\r\\n')).length * 2 > lines.length;
    return withoutEscapes(lines.join(areWrittenOut ? '' : '\r\n'));
  });

/** A request a file, where each line says by which bytes it ends. */
const fromHttpFile = (text: string): Raw[] => [withoutEscapes(text.replaceAll(/\r?\n/g, ''))];

const fromSource = (text: string): Raw[] => {
  const literals = readLiterals(text);
  const requests = literals.filter(isRequest);
  const fields = literals.filter(isField).flatMap(withField);
  return [...requests, ...fields, ...fromHeredocs(text)];
};

/** Of Perl and shell; lines end as they do, and in CRLF. */
const fromHeredocs = (text: string): Raw[] =>
  [...text.matchAll(/<<\s*['"]?(\w+)['"]?[^\n]*\n([\s\S]*?\n)\1\b/g)]
    .map(([, , body = '']) => body)
    .filter(isRequest)
    .flatMap(body => [body, body.replaceAll(/\r?\n/g, '\r\n')]);

const fromBytes = (text: string): Raw[] => (isRequest(text) ? [text] : []);

const isRequest = (text: string): boolean =>
  /^[\s\0]{0,8}[^\s"'<>]{1,40}[ \t]+[^\r\n]*[ \t]HTTP\/\S*\s*\r?\n/.test(text);

/** A field line about what a message is framed or addressed by, in whatever disguise. */
const isField = (text: string): boolean =>
  text.length < 200 &&
  /^[^:"{}]{0,60}:/.test(text) &&
  /encoding|chunked|content.length|host|expect|connection/i.test(text);

const READERS: Readonly<Record<string, (text: string) => Raw[]>> = {
  md: fromMarkdown,
  http: fromHttpFile,
  bin: fromBytes,
  raw: fromBytes,
  req: fromBytes,
  ...Object.fromEntries(
    ['c', 'cc', 'cpp', 'cs', 'go', 'h', 'java', 'pl', 'pm', 'py', 'rb', 'rs', 't', 'ts', 'vtc'].map(kind => [
      kind,
      fromSource,
    ]),
  ),
};
