import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { catchUp } from '../photos/catch-up.ts';
import { me } from '../session/session.ts';
import { countedKeys, EVERYTHING, readChanged, staleKeys, type Changed } from './changed.ts';
import type { Said, Standing } from './line.ts';
import { shareLine } from './one-line.ts';

/** In a storm of phones pages ask again this often at most, in milliseconds. */
const BREATH = 1_500;
/** The same for what is dear to count. */
const LEISURE = 30_000;

let standing: Standing = 'beginning';
const listeners = new Set<() => void>();

function set(next: Standing): void {
  if (next === standing) return;
  standing = next;
  for (const hear of listeners) hear();
}

export const newsStanding = (): Standing => standing;

export function onNewsStanding(hear: () => void): () => void {
  listeners.add(hear);
  return () => listeners.delete(hear);
}

/** How often a page asks by itself: news may get lost, and without them nothing else tells of changes. */
export const askingEvery = (): number => (standing === 'live' ? 60_000 : 15_000);

/** Follows what changes at the server, and has what pages show fetched again; the answer ends that. */
export function followNews(cache: QueryClient): () => void {
  let breath: ReturnType<typeof setTimeout> | undefined;
  let heard: Changed[] = [];
  let leisure: ReturnType<typeof setTimeout> | undefined;
  let uncounted: Changed[] = [];

  const invalidate = (keys: QueryKey[]) => {
    const each = new Map(keys.map((key) => [JSON.stringify(key), key]));
    for (const queryKey of each.values()) void cache.invalidateQueries({ queryKey });
  };
  const fetchAgain = () => {
    breath = undefined;
    if (heard.length === 0) return;
    if (heard.some(({ topics }) => topics.includes('photos'))) void catchUp(cache);
    const keys = heard.flatMap(staleKeys);
    heard = [];
    invalidate(keys);
    breath = setTimeout(fetchAgain, BREATH);
  };
  const countAgain = () => {
    leisure = undefined;
    const keys = uncounted.flatMap(countedKeys);
    uncounted = [];
    invalidate(keys);
  };
  const note = (changed: Changed) => {
    heard.push(changed);
    breath ??= setTimeout(fetchAgain, 0);
    uncounted.push(changed);
    leisure ??= setTimeout(countAgain, LEISURE);
  };
  const hear = (said: Said) => {
    if (said.kind === 'changed') note(readChanged(said.data));
    else if (said.kind === 'stands') set(said.standing);
    else if (said.kind === 'ready') {
      // Whatever happened since the last line ended has been told to nobody here.
      if (standing !== 'beginning') note(EVERYTHING);
      set('live');
    } else {
      set('lost');
      // A session that has ended is what ends the line most often; whoever asks who one is learns that.
      void cache.invalidateQueries({ queryKey: me.queryKey });
    }
  };
  const leave = shareLine(hear);
  return () => {
    leave();
    clearTimeout(breath);
    clearTimeout(leisure);
    set('beginning');
  };
}
