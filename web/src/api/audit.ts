import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { allItems } from './all-items.ts';
import { answer, api, type Body } from './client.ts';
import type { paths } from './schema.d.ts';

export type TrailEntry = Body['TrailBody'];
export type TrailFilter = Omit<NonNullable<paths['/api/v1/audit']['get']['parameters']['query']>, 'before' | 'limit'>;
export type Checked = Body['Checked'];

/** What people did, newest first. */
export const trail = (filter: TrailFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'trail', filter],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET('/api/v1/audit', { params: { query: { ...filter, before: pageParam } }, signal })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    select: allItems,
  });

/** Whether anybody has tampered with the trail. Only when somebody asks: the server reads all of it. */
export const verification = queryOptions({
  queryKey: ['audit', 'verification'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/audit/verification', { signal })),
  enabled: false,
  staleTime: Infinity,
});
