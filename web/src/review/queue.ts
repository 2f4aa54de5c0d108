import type { Detail, Line, ReviewState } from '../api/records.ts';

/** What became of a decision: shown at once, believed when the server has said so. */
export type Outcome = { state: ReviewState } & (
  | {
      standing: 'sending' | 'refused';
      /** The version on which it rested. */
      seen: Detail;
    }
  | {
      standing: 'taken';
      /** When the server took it, by its own clock. */
      at: number;
    }
);

export type Outcomes = ReadonlyMap<string, Outcome>;

/** Those outcomes that the queue does not contradict: a record that was reopened, and fetched again since, is open. */
export function standingOutcomes(outcomes: Outcomes, lines: Pick<Line, 'id' | 'updated_at'>[]): Outcomes {
  const fetched = new Map(lines.map((line) => [line.id, line.updated_at]));
  const stands = ([id, outcome]: [string, Outcome]) =>
    outcome.standing !== 'taken' || (fetched.get(id) ?? 0) <= outcome.at;
  return new Map([...outcomes].filter(stands));
}

/** Whether a record of the queue still wants a decision. */
export function isOpen(outcomes: Outcomes, id: string): boolean {
  const outcome = outcomes.get(id);
  return outcome === undefined || outcome.standing === 'refused';
}

/** Where to go after a decision: the next record that wants one, else the first one, else nowhere. */
export function nextOpen(ids: string[], outcomes: Outcomes, after: string): string | undefined {
  const here = ids.indexOf(after);
  const rest = [...ids.slice(here + 1), ...ids.slice(0, Math.max(here, 0))];
  return rest.find((id) => isOpen(outcomes, id));
}

/** The record a step further or back; at the ends one stays. */
export function neighbour(ids: string[], at: string | undefined, step: 1 | -1): string | undefined {
  const here = at === undefined ? -1 : ids.indexOf(at);
  return ids[Math.min(Math.max(here + step, 0), ids.length - 1)];
}

export function tally(outcomes: Outcomes): { taken: number; sending: number; refused: number } {
  const counts = { taken: 0, sending: 0, refused: 0 };
  for (const { standing } of outcomes.values()) counts[standing] += 1;
  return counts;
}
