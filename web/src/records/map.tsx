import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import gcoord from 'gcoord';
import { nameOf, recordPlaces, type Line, type RecordQuery } from '../api/records.ts';
import { number, term, useWords } from '../language/wording.ts';
import { RecordLines } from '../days/record-lines.tsx';
import { readPlace, type Fix } from '../map/place.ts';
import { Spots, type Spot } from '../map/spots.tsx';
import { Fetched, Nothing } from '../shell/states.tsx';
import { KINDS } from './search.ts';

/** On a plan all spots need one coordinate system. */
function inWgs84(fix: Fix): Fix {
  if (fix.datum === 'wgs84') return fix;
  const [lon, lat] = gcoord.transform([fix.lon, fix.lat] as [number, number], gcoord.GCJ02, gcoord.WGS84);
  return { ...fix, lon, lat, datum: 'wgs84' };
}

function spotOf(line: Line, text: string | undefined): Spot | undefined {
  const place = text === undefined ? undefined : readPlace(text);
  if (!place?.fix) return undefined;
  const name = `${nameOf(line)} · ${term('kind', line.kind)}`;
  return { key: line.id, name, tone: KINDS.indexOf(line.kind), fix: inWgs84(place), record: line.id };
}

/** Where the records of a page of the list were made. */
export default function RecordsMap({ lines, query }: { lines: Line[]; query: RecordQuery }) {
  const { t } = useWords();
  const places = useQuery(recordPlaces(query));
  return (
    <section className="sheet map-sheet" aria-label={t('places.title')}>
      <Fetched query={places}>
        {(places) => {
          const texts = new Map(places.map(({ record, place }) => [record, place]));
          const spots = new Map(lines.map((line) => [line, spotOf(line, texts.get(line.id))]));
          return (
            <Scattered
              spots={[...spots.values()].filter((spot) => spot !== undefined)}
              nowhere={lines.filter((line) => spots.get(line) === undefined)}
            />
          );
        }}
      </Fetched>
    </section>
  );
}

/** The spots, and a list of them for whoever sees no pictures. */
function Scattered({ spots, nowhere }: { spots: Spot[]; nowhere: Line[] }) {
  const { t } = useWords();
  return (
    <>
      <p className="quiet number" role="status">
        {t('places.shown', { shown: number(spots.length), nowhere: number(nowhere.length) })}
      </p>
      {spots.length === 0 ? (
        <Nothing title={t('places.empty')} hint={t('places.emptyHint')} />
      ) : (
        <>
          <Spots spots={spots} label={t('places.title')} large />
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
      {nowhere.length > 0 && (
        <details className="nowhere">
          <summary>{t('places.nowhere', { count: nowhere.length, shown: number(nowhere.length) })}</summary>
          <RecordLines lines={nowhere} />
        </details>
      )}
    </>
  );
}
