import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client.ts';
import type { RecordFilter } from './records.ts';

/** The filters that one keeps by name; the server has them, so they are there in every browser and nobody else's. */
export const presets = queryOptions({
  queryKey: ['presets'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/presets', { signal })),
  staleTime: 60_000,
});

/** Keeps a filter under a name; the answer is all of them. */
export const keepPreset = (name: string, filter: RecordFilter) =>
  answer(api.POST('/api/v1/presets', { body: { name, filter } }));

export const forgetPreset = (id: string) => answer(api.DELETE('/api/v1/presets/{id}', { params: { path: { id } } }));
