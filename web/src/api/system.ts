import { queryOptions } from '@tanstack/react-query';
import { askingEvery } from '../live/news.ts';
import { answer, api, type Body } from './client.ts';

export type System = Body['SystemBody'];

/** How the server is. News has it fetched again; without any, the last minute goes on all the same. */
export const system = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/system', { signal })),
  refetchInterval: askingEvery,
});
