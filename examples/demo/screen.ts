/** Draws each frame over the last one, and leaves the last one standing. */
export interface Screen {
  draw(lines: readonly string[]): void;
  close(): void;
}

const CLEAR = '\x1b[2J';
const HOME = '\x1b[H';
const END_OF_LINE = '\x1b[K';
const BELOW = '\x1b[J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

export const openScreen = (out: NodeJS.WriteStream): Screen => {
  let isOpen = false;
  return {
    draw: lines => {
      const begin = isOpen ? HOME : `${HIDE_CURSOR}${CLEAR}${HOME}`;
      isOpen = true;
      // A line too many would scroll, and the next frame would begin in the wrong place.
      const fitting = lines.slice(0, Math.max(1, out.rows - 1));
      out.write(`${begin}${fitting.map(line => `${line}${END_OF_LINE}\n`).join('')}${BELOW}`);
    },
    close: () => {
      if (isOpen) out.write(SHOW_CURSOR);
    },
  };
};
