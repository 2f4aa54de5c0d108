import type { NamedPhoto } from '../api/photos.ts';

type Photo = Pick<NamedPhoto, 'hash'>;

/** Whether the server looked through photos in vain and has others to look through: where a territory is small it says
 * so by a page without any. */
export function lookedInVain(pages: { items: unknown[]; next?: string | null }[]): boolean {
  const last = pages.at(-1);
  return last !== undefined && last.items.length === 0 && last.next != null;
}

/** What is shown to somebody who was looking at `held`, and how many wait until they want them: nothing may come in
 * before what they look at and move it. What follows the last one was asked for. Without `held` nobody looks. */
export function keepPlace<P extends Photo>(photos: P[], held?: ReadonlySet<string>): { shown: P[]; waiting: number } {
  if (!held) return { shown: photos, waiting: 0 };
  const last = photos.findLastIndex(({ hash }) => held.has(hash));
  const shown = photos.filter(({ hash }, place) => place > last || held.has(hash));
  return { shown, waiting: photos.length - shown.length };
}
