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
  /** Of what is late only what this person made. */
  late_of?: string;
}

export function readBoardSearch({ missing, late_of }: Record<string, unknown>): BoardSearch {
  return {
    ...(missing === true && { missing }),
    ...(typeof late_of === 'string' && /^[0-9a-f-]{36}$/i.test(late_of) && { late_of }),
  };
}
