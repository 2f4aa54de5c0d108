import { number } from '../language/wording.ts';

/** What speaks for a flag, part by part. The numbers are written out as people read them. */
export type Evidence =
  | { says: 'record'; record: string | null }
  | { says: 'places'; places: ('captured' | 'check_in' | 'check_out')[] }
  | { says: 'device'; device: string }
  | { says: 'photo'; photo: string }
  | { says: 'forked' | 'closed'; at: number }
  | { says: 'clock' | 'travel' | 'geofence' | 'hasty' | 'rate'; numbers: Record<string, string> }
  /** Others with which it is counted, and how many more lie outside one's territory. */
  | { says: 'others'; records: string[]; elsewhere: number }
  | { says: 'consent'; numbers?: undefined };

const PLACES = ['captured', 'check_in', 'check_out'] as const;

/** Reads the evidence of a flag (docs/API.md); a flag or a part that is newer than this console says nothing. */
export function evidenceOf(flag: string, evidence: Record<string, unknown>): Evidence[] {
  const parts: Evidence[] = [];
  const numbers = (...names: string[]): Record<string, string> | undefined => {
    const values = names.map((name) => evidence[name]);
    if (!values.every((value) => typeof value === 'number')) return undefined;
    return Object.fromEntries(names.map((name, at) => [name, number(values[at] as number, { maximumFractionDigits: 1 })]));
  };
  const say = (says: 'clock' | 'travel' | 'geofence' | 'hasty' | 'rate', ...names: string[]) => {
    const said = numbers(...names);
    if (said) parts.push({ says, numbers: said });
  };
  switch (flag) {
    case 'mock_location': {
      const { places } = evidence;
      if (Array.isArray(places)) parts.push({ says: 'places', places: PLACES.filter((place) => places.includes(place)) });
      break;
    }
    case 'clock_jump':
      say('clock', 'seconds', 'line', 'allowed_seconds');
      break;
    case 'impossible_travel':
      say('travel', 'metres', 'seconds', 'km_h', 'allowed_km_h');
      break;
    case 'outside_geofence':
      say('geofence', 'metres', 'accuracy_metres', 'allowed_metres');
      break;
    case 'hasty_survey':
      say('hasty', 'seconds', 'questions', 'least_seconds');
      break;
    case 'hasty_records':
      say('rate', 'records', 'allowed_records');
      break;
    case 'missing_consent':
      parts.push({ says: 'consent' });
  }
  const { photo, record, others, records, device, forked_at: forked, closed_at: closed } = evidence;
  if (typeof photo === 'string') parts.push({ says: 'photo', photo });
  if (typeof record === 'string' || record === null) parts.push({ says: 'record', record });
  if (Array.isArray(others) && typeof records === 'number') {
    const named = others.filter((other) => typeof other === 'string');
    parts.push({ says: 'others', records: named, elsewhere: records - 1 - named.length });
  }
  if (typeof device === 'string') parts.push({ says: 'device', device });
  if (typeof forked === 'number') parts.push({ says: 'forked', at: forked });
  if (typeof closed === 'number') parts.push({ says: 'closed', at: closed });
  return parts;
}
