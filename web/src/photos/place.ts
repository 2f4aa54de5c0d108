import type { NamedPhoto } from '../api/photos.ts';

type Photo = Pick<NamedPhoto, 'hash'>;
type Aged = Pick<NamedPhoto, 'hash' | 'stored_at'>;

interface Page<P> {
  items: P[];
  next?: string | null;
}

/** Whether the server looked through photos in vain and has others to look through: where a territory is small it says
 * so by a page without any. */
export function lookedInVain(pages: Page<unknown>[]): boolean {
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

/** Tells which photos stand behind the end of a list's beginning. */
function behind<P extends Aged>({ items }: Page<P>): (photo: P) => boolean {
  const last = items.at(-1);
  return ({ stored_at, hash }) =>
    last !== undefined && (stored_at < last.stored_at || (stored_at === last.stored_at && hash < last.hash));
}

/** Whether news of photos may be of some further down: the beginning says what was known of it, and more is known. */
export function mayBeBelow<P extends Aged>(beginning: Page<P>, known: Page<P>[]): boolean {
  const isOlder = behind(beginning);
  const all = known.flatMap(({ items }) => items);
  const reached = all.filter((photo) => !isOlder(photo));
  return reached.length < all.length && JSON.stringify(reached) === JSON.stringify(beginning.items);
}

/** Pages with another beginning. As far as it reaches it says what there is; of what was known the older ones follow. */
export function withBeginning<P extends Aged>(beginning: Page<P>, known: Page<P>[]): Page<P>[] {
  if (beginning.items.length === 0 || beginning.next == null) return [beginning];
  const [first, ...others] = known.map((page) => ({ ...page, items: page.items.filter(behind(beginning)) }));
  return first ? [{ ...first, items: [...beginning.items, ...first.items] }, ...others] : [beginning];
}
