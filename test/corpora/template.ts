/** What stands for a host, a path or a number in requests that a program would complete. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [
    /__HOST__|\{ctx\.HostHeader\}|\{(?:self\.)?_?(?:host|hostname|hostport|addr)\}|\$\{?host\}?|%%HOST%%/gi,
    'x.example',
  ],
  [/__ENDPOINT__|\{(?:path|endpoint|url|uri|target)\}/gi, '/'],
  [/__METHOD__|\{method\}/gi, 'POST'],
  [/__RANDOM__/g, '1'],
];

const LENGTH =
  /__REPLACE_CL__|\{[^{}\r\n]*(?:cl|len|length|count|size)[^{}\r\n]*\}|(?<=content-length: ?)%[dis]/gi;

/** Bytes that a `%c` may stand for: all that separate, end or hide something for one parser or another. */
const ODD = [
  ...Array(0x21).keys(),
  0x22,
  0x27,
  0x2c,
  0x2d,
  0x3a,
  0x5c,
  0x5f,
  0x7f,
  0x80,
  0x85,
  0xa0,
  0xad,
  0xff,
].map(code => String.fromCharCode(code));

/** Completes what a program would; none where something is left over that only the program knows. */
export const fill = (raw: string): string[] => {
  let text = raw;
  for (const [pattern, value] of PLACEHOLDERS) text = text.replace(pattern, value);
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  text = text.replace(LENGTH, `${body.length}`);
  if (text.includes('%c')) return ODD.map(odd => text.replaceAll('%c', odd));
  return /%s|\{\w*\}/.test(text.split('\r\n\r\n', 1).join('')) ? [] : [text];
};

const BODY = '0\r\n\r\n';

/**
 * Requests around one field line: what reads it as `Transfer-Encoding: chunked` ends the body where what goes by the
 * length does not, and the other way round.
 */
export const withField = (field: string): string[] => {
  const line = field.replace(/(?:\r\n)+$/, '');
  const head = 'POST /field HTTP/1.1\r\n';
  return [
    `${head}Host: x.example\r\n${line}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
    `${head}${line}\r\nHost: x.example\r\nContent-Length: ${BODY.length + 1}\r\n\r\n${BODY}X`,
    `${head}Host: x.example\r\n${line}\r\n\r\n${BODY}`,
    `${head}Host: x.example\r\nTransfer-Encoding: chunked\r\n${line}\r\n\r\n${BODY}`,
  ];
};
