import type { RecordFilter } from '../api/records.ts';
import { readFilter } from '../records/search.ts';

/** What stands in the address of the queue: the filter and the record that is looked at. */
export type ReviewSearch = Omit<RecordFilter, 'state'> & { at?: string };

export function readReviewSearch(search: Record<string, unknown>): ReviewSearch {
  const { state: _, ...filter } = readFilter(search);
  return typeof search.at === 'string' ? { ...filter, at: search.at } : filter;
}
