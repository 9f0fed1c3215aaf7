import { readConnection } from './grammar.ts';
import { READ_END, startPanel } from './panel/panel.ts';

export interface PanelVerdict {
  readonly texts: number;
  readonly members: readonly string[];
  readonly findings: readonly string[];
}

const AT_ONCE = 16;

/**
 * Has every server of the panel read what the gateway sent, and compares each with the letter of the RFC.
 *
 * @param texts what upstreams got, with the name of the case behind it
 */
export const judgeByPanel = async (texts: ReadonlyMap<string, string>): Promise<PanelVerdict> => {
  const panel = await startPanel();
  const whole = [...texts].filter(([text]) => readConnection(text).rest === 'nothing');
  const waiting = whole.values();
  const findings: string[] = [];
  const work = async (): Promise<void> => {
    for (const [text, name] of waiting) {
      const expected = [...readConnection(text).requests.map(asTold), READ_END];
      for (const member of panel.members) {
        const read = await member.read(text);
        if (!isPartOf(expected, read)) {
          findings.push(
            `${name}: ${member.name} reads ${read.join(' ')} where the RFC has ${expected.join(' ')}\n    in ${JSON.stringify(text)}`,
          );
        }
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  panel.close();
  return { texts: whole.length, members: panel.members.map(({ name }) => name), findings };
};

const asTold = ({
  method,
  target,
  host,
  bodyLength,
}: ReturnType<typeof readConnection>['requests'][number]): string =>
  JSON.stringify([method, target, host, bodyLength]);

/**
 * Who refuses a request, or goes no further, reads nothing into it; what is read must be what was meant, in its order. Several
 * slashes are one to some (docs/security.md says what becomes of that).
 */
const isPartOf = (expected: readonly string[], read: readonly string[]): boolean =>
  read.every((each, i) => /^\d+$/.test(each) || oneSlash(each) === oneSlash(expected[i] ?? ''));

const oneSlash = (told: string): string => told.replace(/\/{2,}/g, '/');
