import type { Row } from './figures.ts';

/** One panel of the chart: the CPU of each peer in one case. */
export interface Panel {
  readonly title: string;
  readonly rows: readonly Row[];
}

const WIDTH = 960;
const COLUMNS = 2;
const PANEL_WIDTH = WIDTH / COLUMNS;
const MARGIN = 20;
const NAMES = 140;
const FIGURES = 70;
const BAR = 14;
const STEP = 20;
const TITLE = 30;

/** Colours that stand on white and on black; the text follows the reader's scheme. */
const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #333 }
    .title { font-weight: 600 }
    .bar { fill: #8a94a6 }
    .ours { fill: #2f81f7 }
    .range { stroke: #333; stroke-opacity: 0.6 }
    @media (prefers-color-scheme: dark) { text { fill: #ddd } .range { stroke: #eee } }
  `;

/** CPU microseconds for each request, one panel a case: bars are medians, lines reach from the least to the most. */
export const chart = (panels: readonly Panel[]): string => {
  const shown = panels.map(panel => ({ ...panel, rows: panel.rows.filter(row => row.cpu !== undefined) }));
  const tallest = Math.max(0, ...shown.map(({ rows }) => rows.length));
  const panelHeight = TITLE + tallest * STEP + MARGIN;
  const height = TITLE + Math.ceil(shown.length / COLUMNS) * panelHeight + MARGIN;
  const body = shown.map((panel, i) => {
    const x = (i % COLUMNS) * PANEL_WIDTH + MARGIN;
    const y = TITLE + MARGIN + Math.floor(i / COLUMNS) * panelHeight;
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>CPU microseconds per request of each proxy</title>
<style>${STYLE}</style>
<text class="title" x="${MARGIN}" y="${MARGIN + 4}">CPU microseconds per request of the proxy's processes (less is better)</text>
${body.join('\n')}
</svg>
`;
};

const drawPanel = ({ title, rows }: Panel): string => {
  const most = Math.max(...rows.map(({ cpu }) => cpu?.max ?? 0), Number.MIN_VALUE);
  const room = PANEL_WIDTH - 2 * MARGIN - NAMES - FIGURES;
  const at = (value: number): string => (NAMES + (value / most) * room).toFixed(1);
  const bars = rows.flatMap(({ peer, cpu }, i) => {
    if (cpu === undefined) return [];
    const y = TITLE / 2 + i * STEP;
    const middle = y + BAR / 2;
    const ours = peer.startsWith('sluice') ? ' ours' : '';
    return [
      `<text x="${NAMES - 8}" y="${y + 11}" text-anchor="end">${escaped(peer)}</text>`,
      `<rect class="bar${ours}" x="${NAMES}" y="${y}" width="${(Number(at(cpu.median)) - NAMES).toFixed(1)}" height="${BAR}"/>`,
      `<line class="range" x1="${at(cpu.min)}" x2="${at(cpu.max)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${Number(at(cpu.max)) + 6}" y="${y + 11}">${cpu.median.toFixed(1)}</text>`,
    ];
  });
  return [`<text class="title">${escaped(title)}</text>`, ...bars].join('\n');
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
