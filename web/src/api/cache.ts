import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { Problem } from '../problem/problem.ts';

/** What happens everywhere when a session has ended; the router fills it in (shell/routes.tsx). */
export const onSessionEnd: { run: () => void } = { run: () => {} };

function noticeSessionEnd(error: Error): void {
  if (error instanceof Problem && error.endsSession) onSessionEnd.run();
}

/** Everything that was fetched. Requests that only read are tried again when waiting may help; decisions never are.
 *
 * Whether the server answers is seen by asking it: what a browser takes for being offline says nothing about a server in
 * the house, and whatever somebody decided would wait without a word until the browser thinks otherwise. */
export const cache = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSessionEnd }),
  mutationCache: new MutationCache({ onError: noticeSessionEnd }),
  defaultOptions: {
    queries: {
      networkMode: 'always',
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.passes,
    },
    mutations: { networkMode: 'always', retry: false },
  },
});
