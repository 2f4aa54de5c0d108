import { readFilter } from '../records/search.ts';

export interface PhotoSearch {
  office?: string;
}

/** What stands in the address of the photos. */
export function readPhotoSearch(search: Record<string, unknown>): PhotoSearch {
  const { office } = readFilter(search);
  return office === undefined ? {} : { office };
}
