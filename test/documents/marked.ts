/** Where `»` stands in a text, from 1, and the text without it. */
export const unmark = (marked: string): { text: string; line: number; column: number } => {
  const before = marked.slice(0, marked.indexOf('»')).split('\n');
  return {
    text: marked.replace('»', ''),
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
  };
};

/** A document in which everything is right but for what is given: the fields of its only rule, in flow style. */
export const withRule = (fields: string): string => withSpec(`rules: [{${fields}}]`);

/** The same with the fields of its `spec`, a line each. */
export const withSpec = (fields: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop
spec:
  ${fields.replaceAll('\n', '\n  ')}
`;
