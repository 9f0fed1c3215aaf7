import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process and all its descendants have used, as the kernel counts it (proc(5)). */
export interface TreeUsage {
  /** Microseconds of CPU, user and system, since they began; children that have ended are included. */
  readonly cpu: number;
  /** Bytes of resident memory now; what processes share counts for each. */
  readonly rss: number;
}

/** One line of /proc/PID/stat, in the kernel's own units. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

/** @param line of /proc/PID/stat; the name in it may hold spaces and parentheses */
export const parseStat = (line: string): ProcessStat => {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  // Counted from `state`, the third field of the page: ppid 4, utime 14, stime 15, cutime 16, cstime 17, rss 24.
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(line, 10),
    parent: field(4),
    ticks: field(14) + field(15) + field(16) + field(17),
    pages: field(24),
  };
};

/** The process and all its descendants, in any order. */
export const treeOf = (root: number, all: readonly ProcessStat[]): ProcessStat[] => {
  const members = new Set([root]);
  for (let before = 0; before < members.size; ) {
    before = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return all.filter(({ pid }) => members.has(pid));
};

const conf = (name: string): number => Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
const MICROS_PER_TICK = 1e6 / conf('CLK_TCK');
const PAGE_SIZE = conf('PAGESIZE');

/** @throws where the process has ended */
export const usageOf = (root: number): TreeUsage => {
  const tree = treeOf(root, readdirSync('/proc').flatMap(readStat));
  if (!tree.some(({ pid }) => pid === root)) throw new Error(`process ${root} has ended`);
  const sum = (of: (stat: ProcessStat) => number): number =>
    tree.reduce((total, stat) => total + of(stat), 0);
  return { cpu: sum(stat => stat.ticks) * MICROS_PER_TICK, rss: sum(stat => stat.pages) * PAGE_SIZE };
};

const readStat = (entry: string): ProcessStat[] => {
  if (!/^\d+$/.test(entry)) return [];
  try {
    return [parseStat(readFileSync(`/proc/${entry}/stat`, 'utf8'))];
  } catch {
    // It ended meanwhile.
    return [];
  }
};
