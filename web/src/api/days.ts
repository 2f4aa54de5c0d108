import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { askingEvery } from '../live/news.ts';
import { answer, api, type Body } from './client.ts';

export type DayLine = Body['DayLineBody'];
export type UnfinishedDay = Body['UnfinishedDayBody'];
export type Board = Body['BoardBody'];
export type BoardLine = Body['BoardLineBody'];
export type BoardDevice = Body['BoardDeviceBody'];
export type Counts = Body['CountsBody'];
export type Sealed = Body['StatementBody'];
export type Explanation = Body['ExplanationBody'];

/** How a day stands in all offices of one's territory. */
export const dayLines = (day: string) =>
  queryOptions({
    queryKey: ['days', 'lines', day],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/days', { params: { query: { day } }, signal })),
    refetchInterval: askingEvery,
  });

/** Earlier days that somebody has still to see to, in one's territory. */
export const unfinishedDays = queryOptions({
  queryKey: ['days', 'unfinished'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/days/unfinished', { signal })),
  refetchInterval: askingEvery,
});

const at = (office: string, day: string) => ({ params: { path: { office, day } } });

export const officeBoard = (office: string, day: string) =>
  queryOptions({
    queryKey: ['days', 'board', office, day],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/offices/{office}/days/{day}', { ...at(office, day), signal })),
    refetchInterval: askingEvery,
  });

const pages = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: { next?: string | null }) => page.next ?? undefined,
};

/** What came for a closed day and is in no statement, page after page; or what one person made of it. */
export const lateTray = (office: string, day: string, madeBy?: string) =>
  infiniteQueryOptions({
    queryKey: ['days', 'late', office, day, madeBy],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/v1/offices/{office}/days/{day}/late', {
          params: { path: { office, day }, query: { made_by: madeBy, after: pageParam } },
          signal,
        }),
      ),
    ...pages,
    refetchInterval: askingEvery,
  });

export type Sort = (typeof SORTS)[number];

/** The sorts of figures in the order in which a customer goes through them. */
export const SORTS = ['arrival', 'reserved', 'subscribed', 'signed', 'paid', 'mortgage'] as const;

/** A number of a day's figures. */
export interface DayFigure {
  sort: Sort;
  /** The number of the statement that counts it; all of the day if left out. */
  statement?: number;
  /** Of those with a consultant. */
  assigned?: true;
}

/** The records behind a figure of a day, page after page. */
export const behindFigure = (office: string, day: string, { sort, ...counted }: DayFigure) =>
  infiniteQueryOptions({
    queryKey: ['days', 'behind', office, day, sort, counted],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/v1/offices/{office}/days/{day}/figures/{sort}', {
          params: { path: { office, day, sort }, query: { ...counted, after: pageParam } },
          signal,
        }),
      ),
    ...pages,
  });

/** A statement or a supplement. Nothing changes it any more, so it is fetched once. */
export const sealedStatement = (office: string, day: string, number: number) =>
  queryOptions({
    queryKey: ['statement', office, day, number],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/offices/{office}/days/{day}/statements/{number}', {
          params: { path: { office, day, number } },
          signal,
        }),
      ),
    staleTime: Infinity,
  });

export const closeDay = (office: string, day: string, missing: Explanation[]) =>
  answer(api.POST('/api/v1/offices/{office}/days/{day}/close', { ...at(office, day), body: { missing } }));

/** Reminds these phones, and answers the board as it stands then. */
export const remindPhones = (office: string, day: string, devices: string[]) =>
  answer(api.POST('/api/v1/offices/{office}/days/{day}/reminders', { ...at(office, day), body: { devices } }));

/** Seals what is late, unless it is something else than what the board showed, by its mark. */
export const makeSupplement = (office: string, day: string, reason: string, seen: string | null | undefined) =>
  answer(api.POST('/api/v1/offices/{office}/days/{day}/supplements', { ...at(office, day), body: { reason, seen } }));
