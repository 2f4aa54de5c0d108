import { useQuery } from '@tanstack/react-query';
import { nameOf, recordDetail } from '../api/records.ts';
import { term } from '../language/wording.ts';

/** What a record is called, if something of it is published and in one's territory. */
export function RecordName({ id }: { id: string }) {
  const line = useQuery({ ...recordDetail(id), retry: false, staleTime: 60_000 }).data?.line;
  if (!line) return <span className="identifier">{id}</span>;
  return (
    <>
      {nameOf(line)} <span className="quiet">{term('kind', line.kind)}</span>
    </>
  );
}
