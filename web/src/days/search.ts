import { isDay } from './business-day.ts';

export interface DaysSearch {
  /** Left out for today. */
  day?: string;
}

export function readDaysSearch(search: Record<string, unknown>): DaysSearch {
  return typeof search.day === 'string' && isDay(search.day) ? { day: search.day } : {};
}

export interface BoardSearch {
  /** Only those whose phones are missing. */
  missing?: boolean;
}

export function readBoardSearch(search: Record<string, unknown>): BoardSearch {
  return search.missing === true ? { missing: true } : {};
}
