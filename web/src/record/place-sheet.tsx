import type { Detail } from '../api/records.ts';
import { number, term, useWords } from '../language/wording.ts';
import { metresBetween } from '../map/place.ts';
import { Spots } from '../map/spots.tsx';
import { placesOf, type Pin, type PinnedFix } from './places.ts';

/** Where the record was made. */
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
      ) : (
        <Spots
          spots={fixes.map((pinned, tone) => ({ key: pinned.pins.join(), name: label(pinned), tone, fix: pinned.fix }))}
          label={fixes.map(label).join('; ')}
        />
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
