import { useDirectory } from '../api/directory.ts';
import { exactTime, time } from '../language/wording.ts';

/** A moment to the minute, in the zone of the office where one is given; the exact one on pointing at it. */
export function Moment({ at, zone }: { at: number; zone?: string }) {
  const common = useDirectory().zone(undefined);
  const shown = zone ?? common;
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at, shown)} className="number">
      {time(at, shown)}
    </time>
  );
}
