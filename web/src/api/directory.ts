import { queryOptions, useQueries, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useMemo } from 'react';
import { usePatience } from '../words/patience.ts';
import { answer, api, type Body } from './client.ts';

// Offices, teams and projects hardly change during a sitting.
const MINUTES = 60_000;

export const offices = queryOptions({
  queryKey: ['offices'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/offices', { signal })),
  staleTime: 10 * MINUTES,
});

export const teams = queryOptions({
  queryKey: ['teams'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/teams', { signal })),
  staleTime: 10 * MINUTES,
});

export const projects = queryOptions({
  queryKey: ['projects'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/projects', { signal })),
  staleTime: 10 * MINUTES,
});

export const people = queryOptions({
  queryKey: ['people'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/people', { signal })),
  staleTime: 5 * MINUTES,
});

export const devices = queryOptions({
  queryKey: ['devices'],
  queryFn: ({ signal }) => answer(api.GET('/api/v1/devices', { signal })),
  staleTime: 15_000,
});

/** What phones are called. That hardly changes, so news of phones leave it alone. */
export const deviceLabels = queryOptions({
  queryKey: ['device-labels'],
  queryFn: async ({ signal }) => {
    const devices = await answer(api.GET('/api/v1/devices', { signal }));
    return new Map(devices.map(({ id, label }) => [id, label]));
  },
  staleTime: 5 * MINUTES,
  structuralSharing: false,
});

/** Names for the identifiers that records carry. */
export interface Directory {
  offices: Body['OfficeBody'][];
  teams: Body['TeamBody'][];
  projects: Body['ProjectBody'][];
  people: Body['PersonBody'][];
  /** Whether its lists have come, as far as they will soon: names that come one after the other would draw a page anew
   * with each. Nothing is in it before. */
  known: boolean;
  office(id: string | null | undefined): string | undefined;
  team(id: string | null | undefined): string | undefined;
  project(id: string | null | undefined): string | undefined;
  person(id: string | null | undefined): string | undefined;
  /** The time zone of an office: days and hours of its records are meant in it. Without an office the zone of all. */
  zone(office: string | null | undefined): string | undefined;
}

function named<T extends { id: string; name: string }>(items: T[]) {
  const names = new Map(items.map((item) => [item.id, item.name]));
  return (id: string | null | undefined) => (id ? names.get(id) : undefined);
}

function directoryOf(
  offices: Body['OfficeBody'][],
  teams: Body['TeamBody'][],
  projects: Body['ProjectBody'][],
  people: Body['PersonBody'][],
  known = true,
): Directory {
  const zones = new Map(offices.map((office) => [office.id, office.time_zone]));
  const all = new Set(zones.values());
  const common = all.size === 1 ? [...all][0] : undefined;
  return {
    offices,
    teams,
    projects,
    people,
    known,
    office: named(offices),
    team: named(teams),
    project: named(projects),
    person: named(people),
    zone: (office) => (office && zones.get(office)) || common,
  };
}

const NONE: never[] = [];
const UNKNOWN = directoryOf(NONE, NONE, NONE, NONE, false);

/** Asks for the directory before anything shows names of it. */
export function fetchDirectory(cache: QueryClient): void {
  void cache.prefetchQuery(offices);
  void cache.prefetchQuery(teams);
  void cache.prefetchQuery(projects);
  void cache.prefetchQuery(people);
}

/** The directory, and how its lists stand: one that failed, and perhaps comes yet, is empty. */
export function useDirectoryFetched() {
  const lists = useQueries({ queries: [offices, teams, projects, people] });
  const [{ data: ofOffices = NONE }, { data: ofTeams = NONE }, { data: ofProjects = NONE }, { data: ofPeople = NONE }] =
    lists;
  const patient = usePatience();
  const known = !patient || lists.every(({ data, failureCount }) => data !== undefined || failureCount > 0);
  // The same one as long as nothing in it changes: all lists look names up in it.
  const directory = useMemo(
    () => (known ? directoryOf(ofOffices, ofTeams, ofProjects, ofPeople) : UNKNOWN),
    [known, ofOffices, ofTeams, ofProjects, ofPeople],
  );
  return { directory, lists };
}

/** Fetched once for all pages (shell/frame.tsx); hundreds of cells look names up in it. */
export const DirectoryContext = createContext(directoryOf([], [], [], []));

export function useDirectory(): Directory {
  return useContext(DirectoryContext);
}
