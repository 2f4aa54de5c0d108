import { infiniteQueryOptions, queryOptions, skipToken } from '@tanstack/react-query';
import { answer, api, type Body } from './client.ts';

export type NamedPhoto = Body['NamedPhotoBody'];

export type PhotoPage = Body['PhotosBody'];

export const ALL_PHOTOS = ['photos'];

/** The photos of one's territory, the newest first; only of records of an office, if one is named. News has the beginning
 * fetched again (photos/catch-up.ts), so whoever comes back to the window finds what there is. */
export const newestPhotos = (office: string | undefined) =>
  infiniteQueryOptions({
    queryKey: [...ALL_PHOTOS, office],
    queryFn: ({ pageParam, signal }) => photoPage(office, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchOnWindowFocus: false,
  });

/** Whether some of the photos that are shown may have gone elsewhere, or others come between them: of that the beginning
 * of the list says nothing. */
export const newsBelow = (office: string | undefined) =>
  queryOptions({
    queryKey: ['photo-news', office],
    queryFn: skipToken,
    initialData: false,
    staleTime: Infinity,
  });

/** A page of them. */
export const photoPage = (office: string | undefined, after: string | undefined, signal?: AbortSignal) =>
  answer(api.GET('/api/v1/photos', { params: { query: { office, after } }, signal }));

/** Where a photo is, as it was taken. */
export const photoAddress = (hash: string): string => `/api/v1/photos/${hash}`;

/** Where its small picture is. */
export const thumbAddress = (hash: string): string => `${photoAddress(hash)}?size=thumb`;
