import { exactTime, time } from '../language/wording.ts';

/** A moment to the minute, in the office's zone where one is given; the exact one on pointing at it. */
export function Moment({ at, zone }: { at: number; zone?: string }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at, zone)} className="number">
      {time(at, zone)}
    </time>
  );
}
