import { useDirectory } from '../api/directory.ts';
import { exactTime, plainTime, zoneName } from '../language/wording.ts';

/**
 * A moment to the minute, in the zone of the office where one is given, which is named if its clocks show something else
 * than the reader's own; the exact one on pointing at it.
 */
export function Moment({ at, zone }: { at: number; zone?: string }) {
  const common = useDirectory().zone(undefined);
  const shown = zone ?? common;
  const name = zoneName(at, shown);
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at, shown)} className="number">
      <span>{plainTime(at, shown)}</span>
      {name && (
        <>
          {' '}
          <span className="small quiet">{name}</span>
        </>
      )}
    </time>
  );
}
