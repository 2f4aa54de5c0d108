import type { InfiniteData, QueryClient, QueryKey } from '@tanstack/react-query';
import { ALL_PHOTOS, newsBelow, photoPage, type PhotoPage } from '../api/photos.ts';
import { mayBeBelow, withBeginning } from './place.ts';

type Known = InfiniteData<PhotoPage, string | undefined>;

let underWay = false;
let askedAgain = false;

/** Has the page of photos show what came in. It stands before what is known, or soon after its beginning: nothing else is
 * fetched than the list's beginning, until that meets what is known. */
export async function catchUp(cache: QueryClient): Promise<void> {
  askedAgain = true;
  if (underWay) return;
  underWay = true;
  while (askedAgain) {
    askedAgain = false;
    const looked = cache.getQueryCache().findAll({ queryKey: ALL_PHOTOS, type: 'active' });
    await Promise.all(looked.map(({ queryKey }) => fetchBeginning(cache, queryKey)));
  }
  underWay = false;
}

async function fetchBeginning(cache: QueryClient, queryKey: QueryKey): Promise<void> {
  try {
    const office = queryKey[1] as string | undefined;
    const beginning = await beginningOf(office, (await standing(cache, queryKey)).pages);
    // Somebody may have asked for more meanwhile.
    const { pages: known, pageParams } = await standing(cache, queryKey);
    if (mayBeBelow(beginning, known)) cache.setQueryData(newsBelow(office).queryKey, true);
    const pages = withBeginning(beginning, known);
    cache.setQueryData<Known>(queryKey, { pages, pageParams: pageParams.slice(0, pages.length) });
  } catch {
    // Fetching all of it says what is wrong, and tries again.
    await cache.invalidateQueries({ queryKey, exact: true });
  }
}

/** What is known when nothing of it is on its way any more. */
async function standing(cache: QueryClient, queryKey: QueryKey): Promise<Known> {
  await cache.getQueryCache().find({ queryKey })?.promise;
  const known = cache.getQueryData<Known>(queryKey);
  if (!known) throw new Error('nothing is known');
  return known;
}

/** The list from its newest photo on, until it meets what is known. */
async function beginningOf(office: string | undefined, known: PhotoPage[]): Promise<PhotoPage> {
  const hashes = new Set(known.flatMap(({ items }) => items.map(({ hash }) => hash)));
  let { items, next } = await photoPage(office, undefined);
  while (next != null && hashes.size > 0 && !items.some(({ hash }) => hashes.has(hash))) {
    const page = await photoPage(office, next);
    items = [...items, ...page.items];
    next = page.next;
  }
  return { items, next };
}
