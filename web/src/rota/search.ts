export interface RotaSearch {
  /** Left out for one's own office. */
  office?: string;
}

export function readRotaSearch(search: Record<string, unknown>): RotaSearch {
  return typeof search.office === 'string' ? { office: search.office } : {};
}
