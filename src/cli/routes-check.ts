import { buffer as readStream } from 'node:stream/consumers';
import { Command } from 'commander';
import type { RoutesCheckAnswer } from '../admin/api.ts';
import { type Checked, checkTexts, textsOf } from '../documents/check.ts';
import type { ShelfProblem } from '../documents/shelf.ts';
import { decode, type Text } from '../documents/texts.ts';
import { print, printJson } from './print.ts';

export const routesCheckCommand = (): Command =>
  new Command('check')
    .argument('<file...>', 'files, folders with *.yaml, *.yml and *.json, or - for standard input')
    .description('check route documents without a gateway; exits 1 where something would not be served')
    .option('--json', 'every document and every problem as JSON')
    .addHelpText(
      'after',
      `
Examples:
  sluice routes check routes/shop.yaml
  sluice routes check routes/ && consul kv put sluice/routes/shop @routes/shop.yaml
  kubectl get httproute -o yaml | sluice routes check - --json`,
    )
    .action(async (paths: string[], _options: unknown, command: Command) => {
      const texts = await textsOf(paths.filter(path => path !== '-'));
      const checked = checkTexts(paths.includes('-') ? [await readInput(), ...texts] : texts);
      // The command above has the same flag, and takes it wherever it stands.
      if (command.optsWithGlobals<{ json?: boolean }>().json === true) printJson(answerOf(checked));
      else print(describe(checked));
      if (!isGood(checked)) process.exitCode = 1;
    });

const readInput = async (): Promise<Text> => ({
  name: '(standard input)',
  ...decode(await readStream(process.stdin)),
});

const isGood = ({ shelf }: Checked): boolean => shelf.problems.every(({ severity }) => severity === 'note');

const answerOf = ({ shelf, documents, ...rest }: Checked): RoutesCheckAnswer => ({
  ok: isGood({ shelf, documents, ...rest }),
  documents: documents.map(({ source, document: { line, name, route } }) => ({
    source,
    line,
    ...(name === undefined ? {} : { name }),
    ok: shelf.routes.some(shelved => shelved.route === route),
    rules: route?.rules.length ?? 0,
  })),
  problems: shelf.problems,
});

const describe = (checked: Checked): string => {
  const { shelf, documents, lines } = checked;
  const problems = shelf.problems.map(problem => inContext(problem, lines.get(problem.source)));
  const read = documents.filter(({ source }) => lines.has(source)).length;
  const count = `${read} ${read === 1 ? 'document' : 'documents'} in ${lines.size} ${lines.size === 1 ? 'file' : 'files'}`;
  return [...problems, `${count}: ${verdictOn(checked, read)}`].join('\n');
};

/** @param read how many documents there are in what could be read */
const verdictOn = (checked: Checked, read: number): string => {
  const bad = read - checked.shelf.routes.length;
  if (bad > 0) return `${bad} not in force`;
  if (read === 0) return 'nothing to check';
  if (checked.documents.length > read) return `${checked.documents.length - read} could not be read`;
  return isGood(checked) ? 'good' : 'read, but not all is served';
};

const LABELS = { error: 'error', unserved: 'warning', note: 'note' } as const;

/** As compilers say it, with the line and a mark below the place. */
const inContext = (problem: ShelfProblem, lines: readonly string[] | undefined): string => {
  const { source, line, column, severity, field, message } = problem;
  if (lines === undefined) return `${source}: ${LABELS[severity]}: ${message}`;
  const head = `${source}:${line}:${column}: ${LABELS[severity]}: ${field === undefined ? '' : `${field}: `}${message}`;
  const content = lines[line - 1];
  if (content === undefined || content.length > 200) return head;
  const gutter = `${line}`.padStart(5);
  // Tabs stay tabs, so that the mark stands where it should.
  const indent = content.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return `${head}\n${gutter} | ${content}\n      | ${indent}^`;
};
