import { lazy, Suspense } from 'react';
import type { Detail } from '../api/records.ts';
import { number, term, useWords } from '../language/wording.ts';
import { Loading } from '../shell/states.tsx';
import { tiles } from './map-tiles.ts';
import { metresBetween } from './place.ts';
import { placesOf, type Pin, type PinnedFix } from './places.ts';
import { PlacePlan } from './place-plan.tsx';

const PlaceMap = lazy(() => import('./place-map.tsx'));

/** Where the record was made: on a map if the server has one, else on a plain plan. */
export function PlaceSheet({ detail }: { detail: Detail }) {
  const { t } = useWords();
  const { fixes, captured } = placesOf(detail);
  const named = (pin: Pin) => (pin === 'captured' ? t('record.captured') : term('field', pin));
  const label = ({ pins }: PinnedFix) => pins.map(named).join(' · ');
  const at = (pin: Pin) => fixes.find(({ pins }) => pins.includes(pin))?.fix;
  const [outlet, checkIn] = [at('outlet_place'), at('check_in_place')];
  const distance = outlet && checkIn && metresBetween(outlet, checkIn);
  return (
    <section className="sheet" aria-label={t('record.place')}>
      <h2>{t('record.place')}</h2>
      {captured?.fix === false && <p>{t('record.noFix', { reason: term('noFix', captured.reason) })}</p>}
      {fixes.length === 0 ? (
        !captured && <p className="none">{t('record.noPlace')}</p>
      ) : tiles ? (
        <Suspense fallback={<Loading rows={4} />}>
          <PlaceMap fixes={fixes} label={label} tiles={tiles} />
        </Suspense>
      ) : (
        <PlacePlan fixes={fixes} label={label} />
      )}
      <ul className="pins">
        {fixes.map((pinned, index) => (
          <li key={pinned.pins.join()}>
            <span className={`pin pin-${index}`} aria-hidden />
            {label(pinned)}{' '}
            <span className="small quiet number">
              {pinned.fix.lat.toFixed(5)}, {pinned.fix.lon.toFixed(5)}
              {pinned.fix.accuracy !== undefined && ` ${t('record.accuracy', { metres: number(Math.round(pinned.fix.accuracy)) })}`}
              {pinned.fix.datum === 'gcj02' && ' GCJ-02'}
              {pinned.fix.mock && ` (${t('record.mock')})`}
            </span>
          </li>
        ))}
      </ul>
      {distance !== undefined && (
        <p className="number">{t('record.distance', { metres: number(Math.round(distance)) })}</p>
      )}
    </section>
  );
}
