import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Progress } from 'antd';
import gcoord from 'gcoord';
import { useEffect, useState } from 'react';
import { allItems } from '../api/all-items.ts';
import { MOST_ON_MAP, nameOf, recordCount, recordMap, type Line, type RecordFilter } from '../api/records.ts';
import { number, term, useWords } from '../language/wording.ts';
import { RecordLines } from '../days/record-lines.tsx';
import { readPlace, type Fix } from '../map/place.ts';
import { Spots, type Spot } from '../map/spots.tsx';
import { Trouble } from '../problem/trouble.tsx';
import { Fetched, Lacking, Nothing } from '../shell/states.tsx';
import { KINDS } from './search.ts';

/** On a plan all spots need one coordinate system. */
function inWgs84(fix: Fix): Fix {
  if (fix.datum === 'wgs84') return fix;
  const [lon, lat] = gcoord.transform([fix.lon, fix.lat] as [number, number], gcoord.GCJ02, gcoord.WGS84);
  return { ...fix, lon, lat, datum: 'wgs84' };
}

interface Placed {
  line: Line;
  place: string | undefined;
}

function spotOf({ line, place: text }: Placed): Spot | undefined {
  const place = text === undefined ? undefined : readPlace(text);
  if (!place?.fix) return undefined;
  const name = `${nameOf(line)} · ${term('kind', line.kind)}`;
  return { key: line.id, name, tone: KINDS.indexOf(line.kind), fix: inWgs84(place), record: line.id };
}

/** Where the records of a filter were made. They are shown once all are there: nobody reads a map whose edges move with
 * each page. */
export default function RecordsMap({ filter }: { filter: RecordFilter }) {
  const { t } = useWords();
  const query = useInfiniteQuery(recordMap(filter));
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  const goesOn = hasNextPage && !isFetchNextPageError;
  // Whatever comes in later joins what is on the map already.
  const [isDrawn, setDrawn] = useState(false);
  const isWhole = query.isSuccess && !goesOn;
  useEffect(() => setDrawn((isDrawn) => isDrawn || isWhole), [isWhole]);
  useEffect(() => {
    if (goesOn && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, goesOn, isFetchingNextPage]);
  return (
    <section className="sheet map-sheet" aria-label={t('places.title')}>
      <Fetched query={query}>
        {(data) => {
          const placed = allItems(data);
          if (goesOn && !isDrawn) return <Gathering done={placed.length} filter={filter} />;
          return (
            <>
              {isFetchNextPageError && <Trouble error={query.error} again={() => void fetchNextPage()} />}
              <Scattered placed={placed} filter={filter} isAll={data.pages.at(-1)?.next == null} />
            </>
          );
        }}
      </Fetched>
    </section>
  );
}

/** How far the pages have come. */
function Gathering({ done, filter }: { done: number; filter: RecordFilter }) {
  const { t } = useWords();
  const all = Math.min(useQuery(recordCount(filter)).data?.count ?? MOST_ON_MAP, MOST_ON_MAP);
  const says = t('places.gathering', { done: number(done), all: number(all) });
  return (
    <div role="status" className="number">
      {says}
      <Progress percent={Math.floor((done / all) * 100)} status="active" aria-label={says} />
    </div>
  );
}

interface ScatteredProps {
  placed: Placed[];
  filter: RecordFilter;
  /** Whether the filter has no others. */
  isAll: boolean;
}

/** The spots, and a list of them for whoever sees no pictures. */
function Scattered({ placed, filter, isAll }: ScatteredProps) {
  const { t } = useWords();
  const found = placed.map((one) => spotOf(one));
  const spots = found.filter((spot) => spot !== undefined);
  const nowhere = placed.flatMap(({ line }, at) => (found[at] === undefined ? [line] : []));
  return (
    <>
      <Shown spots={spots.length} nowhere={nowhere.length} filter={filter} isAll={isAll} />
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

interface ShownProps extends Pick<ScatteredProps, 'filter' | 'isAll'> {
  spots: number;
  nowhere: number;
}

/** How many of the records of the filter are on the map, and how to come to the others. */
function Shown({ spots, nowhere, filter, isAll }: ShownProps) {
  const { t } = useWords();
  const counted = useQuery({ ...recordCount(filter), enabled: !isAll });
  const read = spots + nowhere;
  const all = isAll ? read : counted.data?.count;
  if (all === undefined) return <Lacking what={t('files.amount')} queries={[counted]} />;
  return (
    <p className="quiet number" role="status">
      {t('places.shown', { shown: number(spots), all: number(all), nowhere: number(nowhere) })}{' '}
      {!isAll && t('places.more', { read: number(read) })}
    </p>
  );
}
