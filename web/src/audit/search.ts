import type { TrailFilter } from '../api/audit.ts';
import { daysLater, isDay, momentIn } from '../days/business-day.ts';

export interface AuditSearch {
  person?: string;
  /** The first day. */
  from?: string;
  /** The last day. */
  to?: string;
}

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  const day = (value: unknown) => (typeof value === 'string' && isDay(value) ? value : undefined);
  const found: AuditSearch = {
    person: typeof search.person === 'string' ? search.person : undefined,
    from: day(search.from),
    to: day(search.to),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** Days are meant in a zone, and the last one belongs to them. */
export function trailFilter({ person, from, to }: AuditSearch, zone: string | undefined): TrailFilter {
  return {
    person,
    from: from && momentIn(zone, `${from}T00:00`),
    to: to && momentIn(zone, `${daysLater(to, 1)}T00:00`),
  } as TrailFilter;
}
