import { infiniteQueryOptions, queryOptions, type QueryClient } from '@tanstack/react-query';
import { answer, api, type Body } from './client.ts';
import { together } from './together.ts';
import type { paths } from './schema.d.ts';

export type RecordQuery = NonNullable<paths['/api/v1/records']['get']['parameters']['query']>;
export type RecordFilter = Omit<RecordQuery, 'after' | 'limit'>;
export type Line = Body['LineBody'];
export type ReviewState = Line['review'];
export type Kind = Line['kind'];

/** A record in full. */
export type Detail = Body['DetailBody'];

/** What a record is called; one without a title by the end of its identifier. */
export const nameOf = ({ id, title }: { id: string; title?: string | null }): string => title || id.slice(-8);

export const PAGE = 50;

export const recordPage = (query: RecordQuery) =>
  queryOptions({
    queryKey: ['records', 'page', query],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/records', { params: { query }, signal })),
  });

/** The lines of those of these records that one sees, in this order. */
export const recordLines = (ids: string[], signal?: AbortSignal) =>
  answer(api.GET('/api/v1/records/lines', { params: { query: { ids: ids.join(',') } }, signal }));

/** The line of a record, or null if nothing of it is published and in one's territory. Those that a page asks for in the
 * same moment are asked for with one question. */
export const recordLine = (id: string) =>
  queryOptions({
    queryKey: ['records', 'line', id],
    // One that is none, as a phone may write it, must not cost the others their names.
    queryFn: async () => (UUID.test(id) ? ((await linesTogether(id)).get(id) ?? null) : null),
    staleTime: 60_000,
  });

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const linesTogether = together(async (ids) => {
  const lines = await recordLines(ids);
  return new Map(lines.map((line) => [line.id, line]));
}, PAGE);

/** The lines of these records page after page, however many there are. */
export const namedRecords = (ids: string[]) =>
  infiniteQueryOptions({
    queryKey: ['records', 'named', ids],
    queryFn: async ({ pageParam, signal }) => ({
      items: await recordLines(ids.slice(pageParam, pageParam + PAGE), signal),
      total: ids.length,
    }),
    initialPageParam: 0,
    getNextPageParam: (_page, _pages, at) => (at + PAGE < ids.length ? at + PAGE : undefined),
  });

/** How many records a map shows at most. With more of them pins hide each other, and nobody reads the list beside it. */
export const MOST_ON_MAP = 2_000;

/** As much as the server gives at once. */
const MAP_PAGE = 200;

/** The records of a filter with where they were made, page after page. */
export const recordMap = (filter: RecordFilter) =>
  infiniteQueryOptions({
    queryKey: ['records', 'map', filter],
    queryFn: async ({ pageParam, signal }) => {
      const params = { query: { ...filter, limit: MAP_PAGE, after: pageParam } };
      const [page, found] = await Promise.all([
        answer(api.GET('/api/v1/records', { params, signal })),
        answer(api.GET('/api/v1/records/places', { params, signal })),
      ]);
      const places = new Map(found.map(({ record, place }) => [record, place]));
      return { items: page.items.map((line) => ({ line, place: places.get(line.id) })), next: page.next };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }, pages) => (pages.length * MAP_PAGE < MOST_ON_MAP ? (next ?? undefined) : undefined),
  });

/** How many records a filter has over all pages. */
export const recordCount = (filter: RecordFilter) =>
  queryOptions({
    queryKey: ['records', 'count', filter],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/records/count', { params: { query: filter }, signal })),
  });

/** The records of a filter, page after page, for working through them. What comes in meanwhile moves nothing. */
export const recordQueue = (filter: RecordFilter) =>
  infiniteQueryOptions({
    queryKey: ['records', 'queue', filter],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET('/api/v1/records', { params: { query: { ...filter, limit: PAGE, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });

/** Fetches a queue again from its beginning: what is open stands there, and hundreds of lines may have been loaded. */
export function restartQueue(cache: QueryClient, filter: RecordFilter): Promise<void> {
  const { queryKey } = recordQueue(filter);
  cache.setQueryData(
    queryKey,
    (queue) => queue && { pages: queue.pages.slice(0, 1), pageParams: queue.pageParams.slice(0, 1) },
  );
  return cache.invalidateQueries({ queryKey });
}

export const recordDetail = (id: string) =>
  queryOptions({
    queryKey: ['records', 'detail', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/records/{id}', { params: { path: { id } }, signal })),
    staleTime: 10_000,
  });

export const decide = (id: string, verdict: Body['Verdict']) =>
  answer(api.POST('/api/v1/records/{id}/review', { params: { path: { id } }, body: verdict }));

export const editFacts = (id: string, { facts, seen }: { facts: Record<string, unknown>; seen: string[] }) =>
  answer(api.PATCH('/api/v1/records/{id}/facts', { params: { path: { id } }, body: { facts, seen } }));

export const assign = (id: string, to: Body['AssignmentBody']) =>
  answer(api.POST('/api/v1/records/{id}/assignment', { params: { path: { id } }, body: to }));

/** Gives several records to somebody, each for itself; the answer names those that stayed. */
export const assignAll = (records: string[], to: Body['AssignmentBody']) =>
  answer(api.POST('/api/v1/assignments', { body: { records, ...to } }));
