/**
 * Fires the requests of other people's test suites at the gateway: npm run corpora -- FOLDER [PART OF A NAME]
 *
 * Below FOLDER, one folder a corpus (docs/security.md lists them): a checkout is read as it is.
 */
import { converse, type Outcome } from './converse.ts';
import { readConnection } from './grammar.ts';
import { areAlike, judge, normalise } from './judge.ts';
import { MODES } from './modes.ts';
import { judgeByPanel } from './panel-verdict.ts';
import { type Case, readCases } from './read.ts';
import { startStage } from './stage.ts';

/** Cases side by side. */
const SLOTS = 48;

const [folder, part = ''] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npm run corpora -- FOLDER [PART OF A NAME]');
const cases = readCases(folder).filter(({ name }) => name.includes(part));
const [express, full] = [await startStage(true, SLOTS), await startStage(false, SLOTS)];
const waiting = cases.values();
/** What went upstream, each text once, with the case it comes from. */
const passedOn = new Map<string, string>();
const findings: string[] = [];
const figures = { connections: 0, requests: 0, passedOn: 0, refused: 0 };

const count = ({ statuses, served }: Outcome): void => {
  figures.connections += 1;
  figures.requests += statuses.length;
  figures.passedOn += served;
  figures.refused += statuses.filter(status => status >= 400).length;
};

const fire = async ({ name, raw }: Case, slot: number): Promise<void> => {
  for (const [mode, { behind, cut }] of Object.entries(MODES)) {
    const sent = raw + behind;
    const pieces = cut(sent);
    const [first, second] = [express.slots[slot], full.slots[slot]];
    if (first === undefined || second === undefined) throw new Error('there are no more slots');
    const outcomes = [await converse(express, first, pieces), await converse(full, second, pieces)] as const;
    const reading = readConnection(sent);
    const found = outcomes.flatMap(outcome => judge(sent, reading, outcome));
    if (!areAlike(reading, ...outcomes))
      found.push(`the lanes differ: ${JSON.stringify(outcomes)}\n    sent ${JSON.stringify(sent)}`);
    findings.push(...[...new Set(found)].map(finding => `${name}, ${mode}: ${finding}`));
    for (const outcome of outcomes) {
      count(outcome);
      for (const text of outcome.upstream) passedOn.set(normalise(text), name);
    }
  }
};

await Promise.all(
  Array.from({ length: SLOTS }, async (_, slot) => {
    for (const each of waiting) await fire(each, slot);
  }),
);
await Promise.all([express.close(), full.close()]);
console.log(`${cases.length} requests of corpora`, figures);

const panel = await judgeByPanel(passedOn);
console.log(`${panel.texts} different texts went upstream, read by ${panel.members.join(', ')}`);
findings.push(...panel.findings);
for (const finding of findings) console.log(`- ${finding}`);
console.log(findings.length === 0 ? 'no findings' : `${findings.length} findings`);
process.exit(findings.length === 0 ? 0 : 1);
