import type { QuarantineFilter } from '../api/set-aside.ts';

interface Code {
  code: string;
  changes: number;
}

/** Where a change stands that did not become part of its record. */
export const SET_ASIDE = ['quarantined', 'held', 'waiting', 'refused'] as const;

/** The lists that there are: what has come and is not judged yet too. */
export const LISTED = [...SET_ASIDE, 'received'] as const;

/** What stands in the address of the list of changes that were set aside. */
export function readQuarantineSearch(search: Record<string, unknown>): QuarantineFilter {
  const filter: QuarantineFilter = {
    state: LISTED.find((state) => state === search.state),
    device: typeof search.device === 'string' ? search.device : undefined,
    code: typeof search.code === 'string' ? search.code : undefined,
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

/** The codes to choose from: the chosen one too, when nothing has it any more. */
export const offered = (codes: Code[], chosen: string | undefined): Code[] =>
  chosen === undefined || codes.some(({ code }) => code === chosen) ? codes : [...codes, { code: chosen, changes: 0 }];
