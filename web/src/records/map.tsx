import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, Progress } from 'antd';
import gcoord from 'gcoord';
import { useEffect, useMemo, useRef, useState } from 'react';
import { allItems } from '../api/all-items.ts';
import { MOST_ON_MAP, nameOf, recordCount, recordMap, type Line, type RecordFilter } from '../api/records.ts';
import { number, term, useWords } from '../language/wording.ts';
import { RecordLines } from '../days/record-lines.tsx';
import { readPlace, type Fix } from '../map/place.ts';
import { Spots, type Spot } from '../map/spots.tsx';
import { Trouble } from '../problem/trouble.tsx';
import { Fetched, Lacking, Nothing } from '../shell/states.tsx';
import { Paged } from '../words/paged.tsx';
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
  return { key: line.id, name, tone: KINDS.indexOf(line.kind), fix: inWgs84(place) };
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
          if (goesOn && !isDrawn) return <Gathering done={allItems(data).length} filter={filter} />;
          return (
            <>
              {isFetchNextPageError && <Trouble error={query.error} again={() => void fetchNextPage()} />}
              <Scattered pages={data.pages} filter={filter} isAll={data.pages.at(-1)?.next == null} />
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
  pages: { items: Placed[] }[];
  filter: RecordFilter;
  /** Whether the filter has no others. */
  isAll: boolean;
}

/** So many records are listed below the map at once: nobody tabs through thousands. */
const LISTED = 48;

/** The spots, and a list of them for whoever sees no pictures. */
function Scattered({ pages, filter, isAll }: ScatteredProps) {
  const { t, language } = useWords();
  const { spots, nowhere } = useMemo(() => {
    const found = allItems({ pages }).map((one) => ({ line: one.line, spot: spotOf(one) }));
    return {
      spots: found.flatMap(({ spot }) => spot ?? []),
      nowhere: found.flatMap(({ line, spot }) => (spot ? [] : [line])),
    };
  }, [pages, language]);
  const { box, here, head, choose, release } = useChosen(spots);
  return (
    <>
      <Shown spots={spots.length} nowhere={nowhere.length} filter={filter} isAll={isAll} />
      {spots.length === 0 ? (
        <Empty of={nowhere.length > 0 ? 'places' : 'records'} />
      ) : (
        <div ref={box} onKeyDown={({ key }) => key === 'Escape' && here && release()}>
          <Spots spots={spots} label={t('places.title')} onChoose={choose} />
          {here && (
            <div className="map-here">
              <h2 ref={head} tabIndex={-1}>
                {t('places.here', { count: here.length, shown: number(here.length) })}
              </h2>
              <Button size="small" onClick={release}>
                {t('places.showAll')}
              </Button>
            </div>
          )}
          <Paged key={String(here !== undefined)} items={here ?? spots} atOnce={LISTED}>
            {(some) => (
              <ul className="map-list">
                {some.map((spot) => (
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
            )}
          </Paged>
        </div>
      )}
      {nowhere.length > 0 && (
        <details className="nowhere">
          <summary>{t('places.nowhere', { count: nowhere.length, shown: number(nowhere.length) })}</summary>
          <Paged items={nowhere} atOnce={LISTED}>
            {(lines) => <RecordLines lines={lines} />}
          </Paged>
        </details>
      )}
    </>
  );
}

/** There are no records, or none that was made at a known place. */
function Empty({ of }: { of: 'places' | 'records' }) {
  const { t } = useWords();
  return <Nothing title={t(`${of}.empty`)} hint={t(`${of}.emptyHint`)} />;
}

/** The records of the pin that somebody has chosen: they are listed alone, and whoever has enough of them is back at the
 * pin. */
function useChosen(spots: Spot[]) {
  const box = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const [chosen, setChosen] = useState<readonly string[]>();
  useEffect(() => head.current?.focus(), [chosen]);
  const found = chosen && spots.filter(({ key }) => chosen.includes(key));
  const release = () => {
    setChosen(undefined);
    box.current?.querySelector<HTMLElement>('.pin[tabindex="0"]')?.focus();
  };
  // Those that were chosen may have gone elsewhere.
  return { box, here: found?.length ? found : undefined, head, choose: setChosen, release };
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
