import type { QueryKey } from '@tanstack/react-query';

const TOPICS = ['records', 'photos', 'days', 'quarantine', 'devices', 'directory', 'audit'] as const;
export type Topic = (typeof TOPICS)[number] | 'presence';

/** What a piece of news says: topics in which something changed, and records at which somebody came or went. */
export interface Changed {
  topics: Topic[];
  /** Whose company changed. */
  presence: string[];
}

/** Reads a piece of news; what is none changes nothing. */
export function readChanged(data: string): Changed {
  try {
    const said = JSON.parse(data) as Partial<Record<Topic, string[]>>;
    return { topics: TOPICS.filter((topic) => topic in said), presence: said.presence ?? [] };
  } catch {
    return { topics: [], presence: [] };
  }
}

/** How the server is says how many of all these there are. */
const SYSTEM = ['system'];

/** What was fetched about each topic. A queue that somebody works through is left as it is: nothing may move in it;
 * figures over many records and the map of them are made anew at leisure; and of all photos only the beginning is fetched. */
const ABOUT: Record<(typeof TOPICS)[number], QueryKey[]> = {
  records: [['records', 'page'], ['records', 'count'], ['records', 'detail'], SYSTEM],
  photos: [['records', 'detail'], SYSTEM],
  days: [['days'], ['consultants']],
  quarantine: [['quarantine'], ['amendments'], ['strays'], SYSTEM],
  devices: [['devices'], SYSTEM],
  directory: [['offices'], ['teams'], ['projects'], ['people'], ['organisation'], ['me']],
  audit: [['audit', 'trail']],
};

/** What has to be asked for again. */
export function staleKeys({ topics, presence }: Changed): QueryKey[] {
  const told = topics.flatMap((topic) => (topic === 'presence' ? [] : ABOUT[topic]));
  return [...told, ...presence.map((record) => ['presence', record])];
}

/** What is read off many records, which is dear. */
export function countedKeys({ topics }: Changed): QueryKey[] {
  return topics.includes('records') ? [['records', 'map'], ['leads', 'stages'], ['leads', 'received'], ['surveys', 'figures']] : [];
}

/** Whatever may have changed while no news came. */
export const EVERYTHING: Changed = { topics: [...TOPICS], presence: [] };

const [FIRST_MS, LONGEST_MS] = [1_000, 60_000];

/** How long to wait before the next attempt: longer each time, and not for everybody at once. `luck` is below 1. */
export function waitBefore(attempt: number, luck: number): number {
  const most = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS);
  return most / 2 + (most / 2) * luck;
}
