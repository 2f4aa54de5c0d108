import type { Kind, RecordFilter, ReviewState } from '../api/records.ts';

export const KINDS: Kind[] = ['visit', 'survey', 'lead'];
export const STATES: ReviewState[] = ['received', 'approved', 'returned', 'rejected'];
export const STAGES = ['registered', 'arrived', 'reserved', 'subscribed', 'signed', 'paid', 'lost'];
export const FLAGS = [
  'mock_location',
  'clock_jump',
  'impossible_travel',
  'outside_geofence',
  'repeated_photo',
  'hasty_survey',
  'hasty_records',
  'duplicate_phone',
  'cloned_device',
  'late_record',
  'missing_consent',
] as const;

/** What stands in the address of the list: the filter, where the page begins, and whether it is shown on a map. */
export type RecordSearch = RecordFilter & { after?: string; view?: 'map' };

type Search = Record<string, unknown>;

const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined =>
  values.find((known) => known === value);

/** A text of the address; digits arrive as a number. */
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() || undefined : undefined;

/** A name of the address; an empty one means nobody. */
const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;

const uuidOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[0-9a-f-]{36}$/i.test(value) ? value : undefined;

const hashOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : undefined;

const dayOf = (value: unknown): string | undefined => {
  const day = textOf(value);
  return day && /^\d{4}-\d{2}-\d{2}$/.test(day) ? day : undefined;
};

/** The filter in an address; what is none is left out, so that an old bookmark still shows a list. */
export function readFilter(search: Search): RecordFilter {
  const filter: RecordFilter = {
    kind: oneOf(KINDS, search.kind),
    office: uuidOf(search.office),
    team: uuidOf(search.team),
    promoter: uuidOf(search.promoter),
    made_by: uuidOf(search.made_by),
    made_in: uuidOf(search.made_in),
    project: uuidOf(search.project),
    day: dayOf(search.day),
    from: dayOf(search.from),
    to: dayOf(search.to),
    state: oneOf(STATES, search.state),
    stage: textOf(search.stage),
    flag: oneOf([...FLAGS, 'any'] as const, search.flag),
    received_by: nameOf(search.received_by),
    sealed_in: numberOf(search.sealed_in),
    unsealed: search.unsealed === true || undefined,
    photo: hashOf(search.photo),
    unsearchable: search.unsearchable === true || undefined,
    conflict: typeof search.conflict === 'boolean' ? search.conflict : undefined,
    text: textOf(search.text),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

export function readRecordSearch(search: Search): RecordSearch {
  const after = textOf(search.after);
  return { ...readFilter(search), ...(after !== undefined && { after }), ...(search.view === 'map' && { view: 'map' }) };
}

/** The filter with some of its conditions changed. A team of another office can't stay, and a page begins anew. */
export function narrow(filter: RecordFilter, change: Partial<RecordFilter>): RecordFilter {
  const narrowed = { ...filter, ...change };
  if ('office' in change && change.office !== filter.office) {
    narrowed.team = change.team;
    narrowed.promoter = change.promoter;
  }
  return readFilter(narrowed);
}

/** The conditions of the days that somebody chose: a single one has totals of its own on the server. */
export function chosenDays(from: string | undefined, to: string | undefined): Pick<RecordFilter, 'day' | 'from' | 'to'> {
  return from !== undefined && from === to
    ? { day: from, from: undefined, to: undefined }
    : { day: undefined, from, to };
}
