import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';

dayjs.extend(utc);
dayjs.extend(timezone);

/** The day that it is in a zone, or where the browser is. */
export function dayIn(zone: string | undefined, now: number): string {
  return (zone ? dayjs(now).tz(zone) : dayjs(now)).format('YYYY-MM-DD');
}

/** The moment at which the clocks of a zone show this date and time (`2026-03-05T18:30`). */
export function momentIn(zone: string | undefined, wall: string): number {
  return (zone ? dayjs.tz(wall, zone) : dayjs(wall)).valueOf();
}

/** What the clocks of a zone show at a moment, as {@link momentIn} reads it. */
export function wallIn(zone: string | undefined, at: number): string {
  return (zone ? dayjs(at).tz(zone) : dayjs(at)).format('YYYY-MM-DDTHH:mm:ss');
}

/** Whether a text is a day that the calendar has. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && dayjs.utc(text).format('YYYY-MM-DD') === text;
}

/** The day so many days later, or earlier. */
export function daysLater(day: string, days: number): string {
  return dayjs.utc(day).add(days, 'day').format('YYYY-MM-DD');
}
