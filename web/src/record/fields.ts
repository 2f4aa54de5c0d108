import type { Kind } from '../api/records.ts';
import type { Group } from '../language/wording.ts';

/** How a field is shown and written. */
export type Sort =
  | { as: 'line' }
  | { as: 'text' }
  | { as: 'choice'; group: Group }
  | { as: 'language' }
  | { as: 'yesNo' }
  | { as: 'moment' }
  | { as: 'day' }
  | { as: 'whole' }
  | { as: 'decimal' }
  | { as: 'place' }
  | { as: 'record' }
  | { as: 'person' }
  | { as: 'team' }
  | { as: 'office' }
  | { as: 'map' };

export interface Field {
  name: string;
  sort: Sort;
}

const line = (name: string): Field => ({ name, sort: { as: 'line' } });
const of = (name: string, as: Exclude<Sort['as'], 'choice'>): Field => ({ name, sort: { as } });
const choice = (name: string, group: Group): Field => ({ name, sort: { as: 'choice', group } });

/** The fields of each kind in the order of its form (sync-core/src/record). */
export const FIELDS: Record<Kind, Field[]> = {
  lead: [
    line('name'),
    choice('gender', 'gender'),
    of('phones', 'map'),
    line('age_band'),
    line('occupation'),
    line('marital_status'),
    line('education'),
    of('relation_group', 'record'),
    choice('relation', 'relation'),
    choice('channel_source', 'channel_source'),
    choice('product_type', 'product_type'),
    line('intent_area'),
    of('budget', 'decimal'),
    choice('purchase_purpose', 'purchase_purpose'),
    line('purchase_time'),
    of('consent', 'yesNo'),
    of('consent_at', 'moment'),
    of('notes', 'text'),
  ],
  visit: [
    choice('visit_kind', 'visit_kind'),
    line('partner'),
    line('outlet'),
    of('outlet_place', 'place'),
    line('person'),
    line('purpose'),
    choice('channel_source', 'channel_source'),
    of('check_in_at', 'moment'),
    of('check_in_place', 'place'),
    of('check_out_at', 'moment'),
    of('check_out_place', 'place'),
    line('companions'),
    of('group_size', 'whole'),
    choice('outcome', 'outcome'),
    line('next_action'),
    of('next_action_on', 'day'),
    line('products_shown'),
    line('materials'),
    line('competitor_seen'),
    of('notes', 'text'),
  ],
  survey: [
    line('form'),
    line('form_version'),
    of('language', 'language'),
    line('respondent'),
    of('lead', 'record'),
    of('started_at', 'moment'),
    of('ended_at', 'moment'),
    of('answers', 'map'),
    of('interviewer_notes', 'text'),
  ],
};

/** The office's part, the same for all kinds. */
const OFFICE_FIELDS: Field[] = [
  of('owner', 'person'),
  of('office', 'office'),
  of('team', 'team'),
  line('consultant'),
  of('arrived_at', 'moment'),
  line('confirmation_slip'),
];

/** Head quarters' part. */
const REVIEW_FIELDS: Field[] = [
  choice('state', 'review'),
  line('reason'),
  of('by', 'person'),
  of('at', 'moment'),
];

/** The name of a field and, for a map, the key in it. */
export function splitPath(path: string): { name: string; key?: string } {
  const slash = path.indexOf('/');
  return slash < 0 ? { name: path } : { name: path.slice(0, slash), key: path.slice(slash + 1) };
}

/** How a field of a part of a record is shown; what nobody here knows is shown as it is. */
export function sortOf(zone: string, path: string, kind?: Kind): Sort {
  const { name, key } = splitPath(path);
  const tables =
    zone === 'office' ? [OFFICE_FIELDS] : zone === 'review' ? [REVIEW_FIELDS] : kind ? [FIELDS[kind]] : Object.values(FIELDS);
  const found = tables.flatMap((fields) => fields.filter((field) => field.name === name)).at(0);
  // A value of a map is one line, whatever the map.
  if (!found || key !== undefined) return { as: 'line' };
  return found.sort;
}

/** What has to be sent to write a value to a field; keys of maps are written one by one. */
export function edit(path: string, value: unknown): Record<string, unknown> {
  const { name, key } = splitPath(path);
  return key === undefined ? { [name]: value } : { [name]: { [key]: value } };
}
