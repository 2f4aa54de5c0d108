import type { Line } from '../api/records.ts';

/** Whether a record may be approved together with others: undecided, and with nothing to look at more closely. */
export function isClean(line: Line): boolean {
  return line.review === 'received' && line.flags.length === 0 && line.conflicts === 0;
}

export interface Approvals {
  approved: number;
  /** Why others were not. */
  refused: unknown[];
}

/** How many verdicts are under way at once. */
const AT_ONCE = 4;

/** Approves records one by one; one that is refused does not keep the others. */
export async function approveAll<T>(
  lines: T[],
  approve: (line: T) => Promise<unknown>,
  onProgress: (done: number) => void = () => {},
): Promise<Approvals> {
  const outcome: Approvals = { approved: 0, refused: [] };
  const waiting = [...lines];
  const worker = async () => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      try {
        await approve(line);
        outcome.approved += 1;
      } catch (error) {
        outcome.refused.push(error);
      }
      onProgress(outcome.approved + outcome.refused.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return outcome;
}
