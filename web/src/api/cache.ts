import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { Problem } from '../problem/problem.ts';

/** What happens everywhere when a session has ended; the router fills it in (shell/routes.tsx). */
export const onSessionEnd: { run: () => void } = { run: () => {} };

function noticeSessionEnd(error: Error): void {
  if (error instanceof Problem && error.endsSession) onSessionEnd.run();
}

/** Everything that was fetched. Requests that only read are tried again when waiting may help; decisions never are. */
export const cache = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSessionEnd }),
  mutationCache: new MutationCache({ onError: noticeSessionEnd }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.passes,
    },
    mutations: { retry: false },
  },
});
