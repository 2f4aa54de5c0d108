import type { Thresholds } from '../api/organisation.ts';

/** Within what the server takes each threshold (server/src/flag/thresholds.rs). */
export const RANGES: Record<keyof Thresholds, [number, number]> = {
  geofence_m: [50, 10_000],
  travel_km_h: [20, 2_000],
  clock_jump_s: [30, 86_400],
  question_ms: [100, 60_000],
  records_a_minute: [1, 1_000],
};

/** The thresholds by what they are about. */
export const GROUPS = {
  places: ['geofence_m', 'travel_km_h'],
  clocks: ['clock_jump_s'],
  pace: ['question_ms', 'records_a_minute'],
} as const satisfies Record<string, readonly (keyof Thresholds)[]>;

/** What differs, and null for what stays; nothing if all of it does. */
export function changedOf<T extends object>(before: T, after: T): { [K in keyof T]: T[K] | null } | undefined {
  const names = Object.keys(before) as (keyof T)[];
  if (names.every((name) => before[name] === after[name])) return undefined;
  const changed = names.map((name) => [name, before[name] === after[name] ? null : after[name]]);
  return Object.fromEntries(changed) as { [K in keyof T]: T[K] | null };
}
