import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
} from 'yaml';
import type { FieldPath, Finding, Severity } from '../core/document/field.ts';
import { type HttpRoute, readHttpRoute } from '../core/document/http-route.ts';

/** What there is to say of a text, and where. */
export interface Problem {
  readonly severity: Severity;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** `spec.rules[0].matches`; absent where it is about no field. */
  readonly field?: string;
  /** What is wrong and what to do about it, in one line. */
  readonly message: string;
}

/** One document of a text: the route that it says, or why it says none. */
export interface ReadDocument {
  /** Of its first line, from 1. */
  readonly line: number;
  /** `namespace/name`; undefined where that can't be read. */
  readonly name?: string;
  /** Undefined where one of the problems is an error. */
  readonly route?: HttpRoute;
  readonly problems: readonly Problem[];
}

/** An alias may be followed so often: what a bomb of them would be is refused. */
const MOST_ALIASES = 100;

/**
 * Reads the documents of a text in YAML or JSON (which is YAML). Empty ones are passed over, and what is wrong with one
 * leaves the others alone. Never throws.
 *
 * It takes about 1 µs a byte, and ten times that in a process that has just begun: not for the event loop.
 */
export const readText = (text: string): ReadDocument[] => {
  const lines = new LineCounter();
  const at = (offset: number): Pick<Problem, 'line' | 'column'> => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line, column: col };
  };
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });
  return [...documents].flatMap(document => {
    const broken = [...document.errors, ...document.warnings].map(
      ({ message, pos }): Problem => ({ severity: 'error', ...at(pos[0]), message: oneLine(message) }),
    );
    const start = startOf(document.contents);
    if (broken.length === 0 && (start === undefined || isNothing(document.contents))) return [];
    const { line } = at(start ?? 0);
    let content: unknown;
    try {
      content = document.toJS({ maxAliasCount: MOST_ALIASES });
    } catch (error) {
      const message = oneLine(error instanceof Error ? error.message : String(error));
      broken.push({ severity: 'error', ...at(start ?? 0), message });
    }
    return itemsOf(content).map(({ item, path }): ReadDocument => {
      const { name, route, findings } = readHttpRoute(item, path);
      const isWhole = broken.length === 0;
      return {
        line,
        ...(name === undefined ? {} : { name }),
        ...(isWhole && route !== undefined ? { route } : {}),
        // What a broken text seems to say would only confuse.
        problems: isWhole
          ? findings
              .map(finding => ({ ...toProblem(finding), ...at(locate(document, finding)) }))
              .sort(byPlace)
          : broken,
      };
    });
  });
};

const byPlace = (a: Problem, b: Problem): number => a.line - b.line || a.column - b.column;

const oneLine = (message: string): string => message.replace(/\s+/g, ' ').trim();

const startOf = (node: Document.Parsed['contents']): number | undefined => node?.range?.[0];

const isNothing = (node: unknown): boolean => isScalar(node) && node.value === null;

/** `kubectl get -o yaml` gives a list of several. */
const itemsOf = (content: unknown): { readonly item: unknown; readonly path: FieldPath }[] => {
  const { kind, items } = (content ?? {}) as { readonly kind?: unknown; readonly items?: unknown };
  if ((kind !== 'List' && kind !== 'HTTPRouteList') || !Array.isArray(items)) {
    return [{ item: content, path: [] }];
  }
  return items.map((item: unknown, index) => ({ item, path: ['items', index] }));
};

const toProblem = ({ severity, path, message }: Finding): Omit<Problem, 'line' | 'column'> => ({
  severity,
  ...(path.length === 0 ? {} : { field: fieldName(path) }),
  message,
});

const fieldName = (path: FieldPath): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');

/** The offset of a value; of its name where the finding is about that, or where the value begins on a line below. */
const locate = (document: Document.Parsed, { path, isKey }: Finding): number => {
  let node: Node | null | undefined = document.contents;
  let offset = startOf(document.contents) ?? 0;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    let name: Node | undefined;
    if (isMap<Node, Node | null>(node)) {
      const pair: Pair<Node, Node | null> | undefined = node.items.find(
        ({ key }) => isScalar(key) && key.value === step,
      );
      name = pair?.key;
      node = pair?.value ?? pair?.key;
    } else if (isSeq<Node>(node)) node = node.items[Number(step)];
    else break;
    const isLast = index === path.length - 1;
    const shown = isLast && name !== undefined && (isKey === true || isCollection(node)) ? name : node;
    if (shown?.range == null) break;
    offset = shown.range[0];
  }
  return offset;
};
