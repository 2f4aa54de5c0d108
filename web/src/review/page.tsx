import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { App, Button, Segmented } from 'antd';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { recordDetail, recordQueue, restartQueue, type Detail, type RecordFilter } from '../api/records.ts';
import { number, useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';
import type { Decision } from '../record/verdict.tsx';
import { RecordFilters } from '../records/filters.tsx';
import { Presets } from '../records/presets.tsx';
import { narrow, readFilter } from '../records/search.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Loading, Nothing } from '../shell/states.tsx';
import { useDecisions } from './decisions.tsx';
import { KeyHelp } from './help.tsx';
import { ReviewItem } from './item.tsx';
import { useKeys, type Command } from './keys.ts';
import { neighbour, nextOpen, standingOutcomes, tally } from './queue.ts';
import { QueueList } from './queue-list.tsx';
import './review.css';

/** How many records before the end more are fetched. */
const AHEAD = 15;

export function ReviewPage() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/review' });
  const navigate = useNavigate({ from: '/review' });
  const cache = useQueryClient();
  const { message } = App.useApp();
  const filter = useMemo(() => readFilter({ ...search, state: undefined }), [search]);
  const queue = useMemo(() => ({ ...filter, state: 'received' as const }), [filter]);
  const query = useInfiniteQuery(recordQueue(queue));
  const refresh = () => void restartQueue(cache, queue);
  const lines = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const ids = useMemo(() => lines.map((line) => line.id), [lines]);
  const at = search.at !== undefined && ids.includes(search.at) ? search.at : ids[0];
  const place = at === undefined ? -1 : ids.indexOf(at);
  const [help, setHelp] = useState(false);

  const go = useCallback(
    (id: string | undefined) => void navigate({ search: (search) => ({ ...search, at: id }), replace: true }),
    [navigate],
  );
  const show = (filter: RecordFilter) => void navigate({ search: filter });
  const { outcomes: all, send } = useDecisions(go);
  const outcomes = useMemo(() => standingOutcomes(all, lines), [all, lines]);

  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = query;
  // Asking for more would break off a refresh; and a page that failed is asked for again only by whoever wants it.
  const goesOn = hasNextPage && !isFetching && !isFetchNextPageError;
  useEffect(() => {
    if (goesOn && place >= ids.length - AHEAD) void fetchNextPage();
  }, [fetchNextPage, goesOn, ids.length, place]);
  useEffect(() => {
    const next = ids[place + 1];
    if (next !== undefined) void cache.prefetchQuery(recordDetail(next));
  }, [cache, ids, place]);

  const decide = useCallback(
    (seen: Detail, decision: Decision) => {
      void send(seen, decision);
      const next = nextOpen(ids, outcomes, seen.line.id);
      if (next === undefined) message.info(t('review.atEnd'));
      else go(next);
    },
    [go, ids, message, outcomes, send, t],
  );

  const ofItem = useRef<(command: Command) => void>(undefined);
  const listen = useCallback((run: ((command: Command) => void) | undefined) => {
    ofItem.current = run;
  }, []);
  useKeys((command) => {
    if (command === 'next' || command === 'previous') return go(neighbour(ids, at, command === 'next' ? 1 : -1));
    if (command === 'help') return setHelp(true);
    if (command === 'refresh') return refresh();
    if (command === 'open' && at) return void navigate({ to: '/records/$id', params: { id: at } });
    ofItem.current?.(command);
  });

  const { taken, sending, refused } = tally(all);
  const conflict = filter.conflict === undefined ? 'all' : filter.conflict ? 'with' : 'without';
  return (
    <div className="review">
      <PageHead
        title={t('review.title')}
        beside={
          <Segmented
            aria-label={t('records.filter.conflict')}
            value={conflict}
            onChange={(value) =>
              show(narrow(filter, { conflict: value === 'all' ? undefined : value === 'with' }))
            }
            options={[
              { value: 'all', label: t('review.all') },
              { value: 'with', label: t('records.filter.withConflict') },
              { value: 'without', label: t('records.filter.withoutConflict') },
            ]}
          />
        }
        end={
          <>
            <span className="quiet number" role="status">
              {t('review.progress', { decided: number(taken) })}
              {sending > 0 && ` · ${t('review.sending', { count: sending })}`}
              {refused > 0 && ` · ${t('review.refused', { count: refused })}`}
            </span>
            <Button onClick={() => setHelp(true)}>
              {t('review.keys')} <kbd aria-hidden>?</kbd>
            </Button>
            <Button onClick={refresh} loading={query.isRefetching}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <RecordFilters filter={filter} onChange={show} without={['state', 'conflict']} />
      <Presets filter={filter} onShow={show} />
      {query.error && (
        <Trouble error={query.error} again={() => void (isFetchNextPageError ? fetchNextPage() : query.refetch())} />
      )}
      {query.isPending && <Loading rows={12} />}
      {query.data && at === undefined && (
        <div className="sheet">
          <Nothing title={t('review.empty')} hint={t('review.emptyHint')} />
        </div>
      )}
      {at !== undefined && (
        <div className="review-desk">
          <div className="queue-sheet">
            <QueueList lines={lines} at={at} outcomes={outcomes} onGo={go} />
            <div className="queue-foot small quiet number" role="status">
              {t(hasNextPage ? 'review.positionMore' : 'review.position', {
                number: number(place + 1),
                all: number(ids.length),
              })}
            </div>
          </div>
          <div className="review-item">
            <ReviewItem key={at} id={at} outcome={outcomes.get(at)} onDecide={decide} listen={listen} />
          </div>
        </div>
      )}
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </div>
  );
}
