import { SettingOutlined } from '@ant-design/icons';
import { keepPreviousData, useIsFetching, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useRouterState, useSearch } from '@tanstack/react-router';
import { Button, Checkbox, Popover, Segmented } from 'antd';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { PAGE, recordMap, recordPage, type RecordFilter, type RecordQuery } from '../api/records.ts';
import { exported } from '../api/files.ts';
import { useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Loading } from '../shell/states.tsx';
import { readReviewSearch } from '../review/search.ts';
import { ExportButton } from '../words/export.tsx';
import { Amount } from './amount.tsx';
import { COLUMNS, rememberColumns, rememberedColumns, USUAL, type Column } from './columns.tsx';
import { Elsewhere } from './elsewhere.tsx';
import { RecordFilters } from './filters.tsx';
import { Presets } from './presets.tsx';
import { readFilter } from './search.ts';
import { SelectionActions } from './selection.tsx';
import { RecordsTable } from './table.tsx';

const RecordsMap = lazy(() => import('./map.tsx'));

const NOTHING: ReadonlySet<string> = new Set();

export function RecordsPage() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/records' });
  const navigate = useNavigate({ from: '/records' });
  const trail = useRouterState({ select: (state) => state.location.state.trail });
  const powers = usePowers();
  const filter = useSearch({ from: '/inside/records', select: readFilter, structuralSharing: true });
  const wanted = { ...filter, limit: PAGE, after: search.after };
  const onMap = search.view === 'map';
  const query = useQuery({ ...recordPage(wanted), placeholderData: keepPreviousData, enabled: !onMap });
  useAtHand(onMap || query.isPlaceholderData ? undefined : query.data?.next, wanted);
  const cache = useQueryClient();
  const { queryKey } = onMap ? recordMap(filter) : recordPage(wanted);
  const isFetching = useIsFetching({ queryKey, exact: true }) > 0;
  const [columns, setColumns] = useState(rememberedColumns);
  const [selected, setSelected] = useState(NOTHING);

  const show = useCallback(
    (filter: RecordFilter) => {
      setSelected(NOTHING);
      void navigate({ search: { ...filter, view: search.view } });
    },
    [navigate, search.view],
  );
  const reset = useCallback(() => show({}), [show]);
  const goOn = (after: string) => {
    setSelected(NOTHING);
    void navigate({
      search: { ...filter, view: search.view, after },
      state: { trail: [...(trail ?? []), search.after ?? ''] },
    });
  };
  const goBack = () => {
    setSelected(NOTHING);
    const before = trail?.at(-1) || undefined;
    void navigate({ search: { ...filter, view: search.view, after: before }, state: { trail: trail?.slice(0, -1) } });
  };
  const chooseColumns = (columns: Column[]) => {
    setColumns(columns);
    rememberColumns(columns);
  };

  const filtered = Object.keys(filter).length > 0;
  const items = query.data?.items;
  // As they are now: a flag may have been raised since somebody ticked them.
  const chosen = items?.filter((line) => selected.has(line.id)) ?? [];
  return (
    <>
      <PageHead
        title={t('records.title')}
        beside={
          <Segmented<'list' | 'map'>
            aria-label={t('places.view')}
            value={search.view ?? 'list'}
            onChange={(view) => {
              setSelected(NOTHING);
              void navigate({ search: { ...search, view: view === 'map' ? view : undefined }, state: { trail } });
            }}
            options={[
              { value: 'list', label: t('places.list') },
              { value: 'map', label: t('record.openMap') },
            ]}
          />
        }
        end={
          <>
            {powers.review && (
              <Link to="/review" search={readReviewSearch(filter)}>
                {t('records.reviewThese')}
              </Link>
            )}
            <ExportButton
              name={t('records.title')}
              list={exported('/api/v1/records/export', { query: filter })}
              amount={<Amount filter={filter} />}
            />
            {!onMap && <ColumnChoice columns={columns} onChange={chooseColumns} />}
            <Button onClick={() => void cache.refetchQueries({ queryKey, exact: true })} loading={isFetching && { delay: 500 }}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <RecordFilters filter={filter} onChange={show} />
      <Presets filter={filter} onShow={show} />
      <Elsewhere filter={filter} />
      {onMap ? (
        <Suspense fallback={<Loading rows={12} />}>
          <RecordsMap key={JSON.stringify(filter)} filter={filter} />
        </Suspense>
      ) : (
        <>
          {query.error && <Trouble error={query.error} again={() => void query.refetch()} />}
          {!items && !query.error && <Loading rows={12} />}
          {items && (
            <>
              <RecordsTable
                lines={items}
                columns={columns}
                waiting={query.isPlaceholderData}
                selected={selected}
                onSelect={powers.review || powers.reassign ? setSelected : undefined}
                onReset={filtered ? reset : undefined}
              />
              <div className="list-foot">
                <div className="start">
                  {chosen.length > 0 && <SelectionActions lines={chosen} onDone={() => setSelected(NOTHING)} />}
                </div>
                {filtered && (
                  <Button type="link" onClick={reset}>
                    {t('records.reset')}
                  </Button>
                )}
                <Button disabled={!search.after} onClick={() => show(filter)}>
                  {t('common.firstPage')}
                </Button>
                <Button disabled={!trail?.length} onClick={goBack}>
                  {t('common.previousPage')}
                </Button>
                <Button disabled={!query.data?.next} onClick={() => query.data?.next && goOn(query.data.next)}>
                  {t('common.nextPage')}
                </Button>
              </div>
            </>
          )}
        </>
      )}
    </>
  );
}

/** Somebody may leaf through pages faster than they are fetched. */
const PAGES_AT_HAND = 2;

/** Has the next pages at hand before somebody asks for them, so that their lines are there at once. */
function useAtHand(next: string | null | undefined, wanted: RecordQuery): void {
  const cache = useQueryClient();
  const page = JSON.stringify({ ...wanted, after: next });
  useEffect(() => {
    if (!next) return;
    const query = JSON.parse(page) as RecordQuery;
    void (async () => {
      let after: string | null | undefined = next;
      for (let ahead = 0; after && ahead < PAGES_AT_HAND; ahead += 1) {
        ({ next: after } = await cache.fetchQuery(recordPage({ ...query, after })));
      }
    })().catch(() => undefined);
  }, [cache, next, page]);
}

function ColumnChoice({ columns, onChange }: { columns: Column[]; onChange: (columns: Column[]) => void }) {
  const { t } = useWords();
  const content = (
    <div className="column-choice">
      <Checkbox.Group<Column>
        value={columns}
        onChange={(chosen) => onChange(COLUMNS.filter((column) => chosen.includes(column)))}
        options={COLUMNS.map((value) => ({ value, label: t(`records.column.${value}`), disabled: value === 'title' }))}
      />
      <Button type="link" size="small" onClick={() => onChange(USUAL)}>
        {t('common.reset')}
      </Button>
    </div>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={content}>
      <Button icon={<SettingOutlined />}>{t('records.columns')}</Button>
    </Popover>
  );
}
