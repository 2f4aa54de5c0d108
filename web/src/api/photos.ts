import { infiniteQueryOptions } from '@tanstack/react-query';
import { answer, api, type Body } from './client.ts';

export type NamedPhoto = Body['NamedPhotoBody'];

/** The photos of one's territory, the newest first; only of records of an office, if one is named. */
export const newestPhotos = (office: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['photos', office],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET('/api/v1/photos', { params: { query: { office, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** Where a photo is, as it was taken. */
export const photoAddress = (hash: string): string => `/api/v1/photos/${hash}`;

/** Where its small picture is. */
export const thumbAddress = (hash: string): string => `${photoAddress(hash)}?size=thumb`;
