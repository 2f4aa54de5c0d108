import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { answer, api, type Body } from '../api/client.ts';
import { cache } from '../api/cache.ts';
import { powersOf, type Powers } from './powers.ts';

export type Me = Body['Me'];

export const me = queryOptions({
  queryKey: ['me'],
  queryFn: () => answer(api.GET('/api/v1/me')),
  staleTime: Infinity,
});

/** Who is signed in. Pages stand below a route that has made sure that somebody is. */
export function useMe(): Me {
  return useSuspenseQuery(me).data;
}

export function usePowers(): Powers {
  const { role } = useMe();
  return useMemo(() => powersOf(role), [role]);
}

export async function signIn(login: string, password: string, code?: string): Promise<Me> {
  const who = await answer(api.POST('/api/v1/session', { body: { login, password, code } }));
  // What somebody else saw is not for whoever comes next.
  cache.clear();
  cache.setQueryData(me.queryKey, who);
  return who;
}

export async function signOut(): Promise<void> {
  await answer(api.DELETE('/api/v1/session'));
  cache.clear();
}
