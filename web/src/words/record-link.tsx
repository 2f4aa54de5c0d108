import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { nameOf, recordLine } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { Lacking } from '../shell/states.tsx';

/** A record by what it is called, if something of it is published and in one's territory, leading to it. */
export function RecordLink({ id, anchor }: { id: string; anchor?: string }) {
  const { t } = useWords();
  const query = useQuery({ ...recordLine(id), retry: false });
  const line = query.data;
  return (
    <>
      <Link id={anchor} to="/records/$id" params={{ id }}>
        {line ? (
          <>
            {nameOf(line)} <span className="quiet">{term('kind', line.kind)}</span>
          </>
        ) : (
          <span className="identifier">{id}</span>
        )}
      </Link>
      {!line && <Lacking what={t('problem.recordName')} queries={[query]} />}
    </>
  );
}
