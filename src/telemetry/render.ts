import { headText, numberText } from './exposition.ts';
import type { Figure, Figures } from './figures.ts';
import type { Pace } from './pace.ts';

/** Characters that go out together, at least. */
const CHUNK = 64 * 1024;

/** `/metrics`, piece by piece: whoever reads it decides how fast. */
export async function* renderFigures(figures: Figures, pace: Pace): AsyncGenerator<string> {
  let current: string | undefined;
  let text = '';
  for await (const figure of figures) {
    const { name, help, type } = figure;
    if (name !== current) text += `${current === undefined ? '' : '\n'}${headText(name, help, type)}`;
    current = name;
    text += figure.bounds === undefined ? valueLines(figure) : histogramLines(figure, figure.bounds);
    if (text.length >= CHUNK) {
      yield text;
      text = '';
    }
    await pace();
  }
  if (text !== '') yield text;
}

const valueLines = ({ name, series, values }: Figure): string => {
  let text = '';
  for (const [i, each] of series.entries()) text += `${name}${each} ${numberText(values[i] as number)}\n`;
  return text;
};

/** Buckets are told as all that is up to their bound. */
const histogramLines = ({ name, series, values }: Figure, bounds: readonly number[]): string => {
  const ends = [...bounds.map(numberText), '+Inf'].map(bound => `le="${bound}"} `);
  let text = '';
  let at = 0;
  for (const each of series) {
    const start = `${name}_bucket${each === '' ? '{' : `${each.slice(0, -1)},`}`;
    let count = 0;
    for (const end of ends) {
      count += values[at++] as number;
      text += `${start}${end}${count}\n`;
    }
    text += `${name}_sum${each} ${numberText(values[at++] as number)}\n${name}_count${each} ${count}\n`;
  }
  return text;
};
