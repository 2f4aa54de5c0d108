import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { allItems } from './all-items.ts';
import { answer, api, type Body } from './client.ts';
import type { paths } from './schema.d.ts';

export type QuarantineFilter = Omit<
  NonNullable<paths['/api/v1/quarantine']['get']['parameters']['query']>,
  'before' | 'limit'
>;

const pages = {
  initialPageParam: undefined as number | undefined,
  getNextPageParam: (page: { next?: number | null }) => page.next ?? undefined,
};

export const amendmentList = infiniteQueryOptions({
  queryKey: ['amendments', 'list'],
  queryFn: ({ pageParam, signal }) =>
    answer(api.GET('/api/v1/amendments', { params: { query: { before: pageParam } }, signal })),
  ...pages,
  select: allItems,
});

export const amendment = (record: string, device: string) =>
  queryOptions({
    queryKey: ['amendments', record, device],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/amendments/{record}/{device}', { params: { path: { record, device } }, signal })),
  });

export const acceptAmendment = (record: string, device: string, acceptance: Body['Acceptance']) =>
  answer(
    api.POST('/api/v1/amendments/{record}/{device}/accept', { params: { path: { record, device } }, body: acceptance }),
  );

export const rejectAmendment = (record: string, device: string, refusal: Body['Refusal']) =>
  answer(
    api.POST('/api/v1/amendments/{record}/{device}/reject', { params: { path: { record, device } }, body: refusal }),
  );

export const quarantineList = (filter: QuarantineFilter) =>
  infiniteQueryOptions({
    queryKey: ['quarantine', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET('/api/v1/quarantine', { params: { query: { ...filter, before: pageParam } }, signal })),
    ...pages,
    select: allItems,
  });

/** Which codes the list has over all its pages, whichever code it is narrowed to, and how often. */
export const quarantineCodes = ({ state, device }: QuarantineFilter) =>
  queryOptions({
    queryKey: ['quarantine', 'codes', state, device],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/quarantine/codes', { params: { query: { state, device } }, signal })),
  });

export const setAside = (id: number) =>
  queryOptions({
    queryKey: ['quarantine', 'one', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/quarantine/{id}', { params: { path: { id } }, signal })),
  });

export const replay = (id: number) =>
  answer(api.POST('/api/v1/quarantine/{id}/replay', { params: { path: { id } }, body: {} }));

export const discard = (id: number, reason: string) =>
  answer(api.POST('/api/v1/quarantine/{id}/discard', { params: { path: { id } }, body: { reason } }));

export const strayList = infiniteQueryOptions({
  queryKey: ['strays'],
  queryFn: ({ pageParam, signal }) =>
    answer(api.GET('/api/v1/strays', { params: { query: { before: pageParam } }, signal })),
  ...pages,
  select: allItems,
});

export const adoptStray = (id: number, author: string | undefined) =>
  answer(api.POST('/api/v1/strays/{id}/adopt', { params: { path: { id } }, body: { author } }));

export const discardStray = (id: number, reason: string) =>
  answer(api.POST('/api/v1/strays/{id}/discard', { params: { path: { id } }, body: { reason } }));
