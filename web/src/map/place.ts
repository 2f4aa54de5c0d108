export type Datum = 'wgs84' | 'gcj02';

/** A position fix, or the reason why there is none. */
export type Place =
  | { fix: true; lat: number; lon: number; accuracy?: number; datum: Datum; mock: boolean }
  | { fix: false; reason: 'denied' | 'timeout' | 'unavailable' };

export type Fix = Extract<Place, { fix: true }>;

/** Reads `geo:30.65712,104.06588;crs=gcj02;u=12` or `nofix:timeout`; undefined if it is neither. */
export function readPlace(text: string): Place | undefined {
  if (text.startsWith('nofix:')) {
    const reason = text.slice(6);
    return reason === 'denied' || reason === 'timeout' || reason === 'unavailable' ? { fix: false, reason } : undefined;
  }
  if (!text.startsWith('geo:')) return undefined;
  const [point = '', ...parameters] = text.slice(4).split(';');
  const [lat, lon] = point.split(',').map(Number);
  if (lat === undefined || lon === undefined || !(Math.abs(lat) <= 90) || !(Math.abs(lon) <= 180)) return undefined;
  const told = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string | undefined]));
  const accuracy = Number(told.get('u'));
  return {
    fix: true,
    lat,
    lon,
    accuracy: told.has('u') && Number.isFinite(accuracy) ? accuracy : undefined,
    datum: told.get('crs') === 'gcj02' ? 'gcj02' : 'wgs84',
    mock: told.get('mock') === '1',
  };
}

const EARTH_RADIUS_M = 6_371_008.8;
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Metres between two fixes (haversine formula); undefined in different coordinate systems. */
export function metresBetween(a: Fix, b: Fix): number | undefined {
  if (a.datum !== b.datum) return undefined;
  const half = (from: number, to: number) => Math.sin(radians(to - from) / 2) ** 2;
  const h = half(a.lat, b.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(a.lon, b.lon);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(Math.min(1, h)));
}

/** A fix in metres east and north of another one; good for the few kilometres of a plan. */
export function metresFrom(origin: Fix, fix: Fix): { east: number; north: number } {
  const metresPerDegree = (Math.PI * EARTH_RADIUS_M) / 180;
  return {
    east: (fix.lon - origin.lon) * metresPerDegree * Math.cos(radians(origin.lat)),
    north: (fix.lat - origin.lat) * metresPerDegree,
  };
}

/** A round length for a scale bar: 1, 2 or 5 times a power of ten, at most `metres`. */
export function roundLength(metres: number): number {
  const power = 10 ** Math.floor(Math.log10(metres));
  return [5, 2, 1].map((times) => times * power).find((length) => length <= metres) ?? power;
}
