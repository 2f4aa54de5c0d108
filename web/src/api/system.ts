import { queryOptions } from '@tanstack/react-query';
import { askingEvery } from '../live/news.ts';
import { answer, api, type Body } from './client.ts';

export type System = Body['SystemBody'];

/** The last minute goes on while one looks, whether anything else changed or not. */
const MOST_MS = 10_000;

/** How the server is. */
export const system = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/system', { signal })),
  refetchInterval: () => Math.min(MOST_MS, askingEvery()),
});
