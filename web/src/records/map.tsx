import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import gcoord from 'gcoord';
import { recordDetail, type Detail, type Line } from '../api/records.ts';
import { number, term, useWords } from '../language/wording.ts';
import type { Fix } from '../map/place.ts';
import { Spots, type Spot } from '../map/spots.tsx';
import { placesOf } from '../record/places.ts';
import { Nothing } from '../shell/states.tsx';
import { KINDS } from './search.ts';

/** On a plan all spots need one coordinate system. */
function inWgs84(fix: Fix): Fix {
  if (fix.datum === 'wgs84') return fix;
  const [lon, lat] = gcoord.transform([fix.lon, fix.lat] as [number, number], gcoord.GCJ02, gcoord.WGS84);
  return { ...fix, lon, lat, datum: 'wgs84' };
}

function spotOf({ line, ...detail }: Detail): Spot | undefined {
  const place = placesOf({ line, ...detail }).captured;
  if (!place?.fix) return undefined;
  const name = `${line.title || line.id.slice(-8)} · ${term('kind', line.kind)}`;
  return { key: line.id, name, tone: KINDS.indexOf(line.kind), fix: inWgs84(place), record: line.id };
}

/** Where the records of this page of the list were made. Places stand in the records alone, so each is asked for. */
export default function RecordsMap({ lines }: { lines: Line[] }) {
  const { t } = useWords();
  const { details, waiting } = useQueries({
    queries: lines.map((line) => ({ ...recordDetail(line.id), staleTime: 60_000 })),
    combine: (results) => ({
      details: results.flatMap(({ data }) => (data ? [data] : [])),
      waiting: results.filter(({ isPending }) => isPending).length,
    }),
  });
  const spots = details.map(spotOf).filter((spot) => spot !== undefined);
  const nowhere = details.length - spots.length;
  return (
    <section className="sheet map-sheet" aria-label={t('places.title')}>
      <p className="quiet number" role="status">
        {waiting > 0
          ? t('places.waiting', { come: number(details.length), all: number(lines.length) })
          : t('places.shown', { shown: number(spots.length), nowhere: number(nowhere) })}
      </p>
      {waiting === 0 && spots.length === 0 && <Nothing title={t('places.empty')} hint={t('places.emptyHint')} />}
      {waiting === 0 && spots.length > 0 && (
        <>
          <Spots spots={spots} label={t('places.title')} />
          <ul className="map-list">
            {spots.map((spot) => (
              <li key={spot.key}>
                <span className={`pin pin-${spot.tone}`} aria-hidden />
                <Link to="/records/$id" params={{ id: spot.key }}>
                  {spot.name}
                </Link>{' '}
                <span className="small quiet number">
                  {spot.fix.lat.toFixed(4)}, {spot.fix.lon.toFixed(4)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
