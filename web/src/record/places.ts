import type { Detail } from '../api/records.ts';
import { readPlace, type Fix, type Place } from '../map/place.ts';

export const PINS = ['captured', 'outlet_place', 'check_in_place', 'check_out_place'] as const;
export type Pin = (typeof PINS)[number];

export interface PinnedFix {
  /** What is there; several things may be at one spot. */
  pins: Pin[];
  fix: Fix;
}

/** The places of a record: where it was captured and, for visits, where outlet, check-in and check-out are. */
export function placesOf(detail: Detail): { fixes: PinnedFix[]; captured?: Place } {
  const view = detail.record;
  const texts: Record<Pin, unknown> = {
    captured: view.header.place,
    outlet_place: view.facts.outlet_place,
    check_in_place: view.facts.check_in_place,
    check_out_place: view.facts.check_out_place,
  };
  const fixes: PinnedFix[] = [];
  for (const pin of PINS) {
    const text = texts[pin];
    const place = typeof text === 'string' ? readPlace(text) : undefined;
    if (!place?.fix) continue;
    const there = fixes.find(({ fix }) => fix.lat === place.lat && fix.lon === place.lon && fix.datum === place.datum);
    if (there) there.pins.push(pin);
    else fixes.push({ pins: [pin], fix: place });
  }
  return { fixes, captured: view.header.place ? readPlace(view.header.place) : undefined };
}
