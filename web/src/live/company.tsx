import { queryOptions, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { answer, api } from '../api/client.ts';
import { useWords } from '../language/wording.ts';
import { Lacking } from '../shell/states.tsx';

/** The server forgets whoever does not say so again within 45 seconds. */
const EVERY = 20_000;

const at = (id: string) => ({ params: { path: { id } } });

/** Who else has a record open. Asking says that one has it open oneself. */
const company = (id: string) =>
  queryOptions({
    queryKey: ['presence', id],
    queryFn: ({ signal }) => answer(api.PUT('/api/v1/records/{id}/presence', { ...at(id), signal })),
    select: ({ others }) => others,
    refetchInterval: EVERY,
    staleTime: 0,
    gcTime: 0,
  });

/** Names whoever else has the record open: two should not work on one without knowing. */
export function Company({ record }: { record: string }) {
  const { t } = useWords();
  const query = useQuery(company(record));
  const others = query.data ?? [];
  useEffect(
    () => () => {
      // Whether it arrives matters little: the server forgets by itself.
      answer(api.DELETE('/api/v1/records/{id}/presence', at(record))).catch(() => undefined);
    },
    [record],
  );
  if (query.error) return <Lacking what={t('live.companyOf')} queries={[query]} />;
  return (
    <span role="status">
      {others.length > 0 && (
        <span className="mark mark-company">{t('live.company', { names: others.map(({ name }) => name).join(t('live.and')) })}</span>
      )}
    </span>
  );
}
