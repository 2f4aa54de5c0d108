/** The longest name of a consultant, in characters, and how many an office may have. */
export const LONGEST_NAME = 100;
export const MOST_CONSULTANTS = 200;

/** The rota with the consultant from one place at another. */
export function moved(names: string[], from: number, to: number): string[] {
  const name = names[from];
  if (name === undefined || to < 0 || to >= names.length) return names;
  const others = names.toSpliced(from, 1);
  return others.toSpliced(to, 0, name);
}

/** Whether somebody can join: has a name that is not in the rota yet, and there is room. */
export function mayJoin(names: string[], name: string): boolean {
  const trimmed = name.trim();
  return trimmed !== '' && trimmed.length <= LONGEST_NAME && !names.includes(trimmed) && names.length < MOST_CONSULTANTS;
}

export const sameRota = (one: string[], other: string[]): boolean =>
  one.length === other.length && one.every((name, place) => name === other[place]);
