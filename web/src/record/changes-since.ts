import type { HistoryLine } from './shape.ts';

/** The lines of the newer history that belong to changes which the older one does not have, newest first. */
export function changesSince(older: HistoryLine[], newer: HistoryLine[]): HistoryLine[] {
  const known = new Set(older.map((line) => line.change));
  return newer.filter((line) => !known.has(line.change)).reverse();
}

/** Whether somebody made all of these changes at the console: then none of them is news to them. */
export function areOwn(lines: HistoryLine[], person: string): boolean {
  return lines.every((line) => line.person === person && !line.device);
}
