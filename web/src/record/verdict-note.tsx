import type { Detail } from '../api/records.ts';
import { useDirectory } from '../api/directory.ts';
import { term, time, useWords } from '../language/wording.ts';

/** The verdict that stands, with who gave it and why. */
export function VerdictNote({ detail }: { detail: Detail }) {
  const { t } = useWords();
  const directory = useDirectory();
  const { state, reason, by, at } = detail.record.review;
  if (state === 'received' && !reason) return null;
  const author = detail.people.find((person) => person.person === by)?.name ?? directory.person(by);
  return (
    <div className={`verdict-note verdict-note-${state}`}>
      <strong>{term('review', state)}</strong>
      {reason && <span className="prose"> {reason}</span>}
      {at != null && (
        <span className="small quiet"> · {t('record.by', { name: author ?? t('common.unknown'), time: time(at, directory.zone(detail.line.office)) })}</span>
      )}
    </div>
  );
}
