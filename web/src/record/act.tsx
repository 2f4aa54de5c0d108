import type { Kind } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { Value } from '../words/value.tsx';
import { sortOf } from './fields.ts';
import type { FieldChange, Scalar } from './shape.ts';

/** What a change did to a field, in words. */
export function Act({ line, kind, zone }: { line: FieldChange; kind?: Kind; zone?: string }) {
  const { t } = useWords();
  switch (line.act) {
    case 'set':
      return <Value value={line.value} sort={sortOf(line.zone, line.field, kind)} zone={zone} />;
    case 'cleared':
      return <em>{t('record.cleared')}</em>;
    case 'typed': {
      const text = line.inserted ?? '';
      const count = line.deleted ?? 0;
      if (count === 0) return <span className="prose">{t('record.typed', { text })}</span>;
      if (text === '') return <>{t('record.deleted', { count })}</>;
      return <span className="prose">{t('record.typedDeleted', { text, count })}</span>;
    }
    case 'added':
      return <span className="prose">{t('record.added', { text: entryWords(line.zone, line.entry ?? {}) })}</span>;
    default:
      return <>{line.act}</>;
  }
}

function entryWords(zone: string, entry: Record<string, Scalar>): string {
  if (zone === 'stages') {
    return [term('stage', String(entry.stage)), entry.amount, entry.unit, entry.reason].filter(Boolean).join(' · ');
  }
  if (zone === 'follow_ups') return String(entry.text ?? '');
  return String(entry.caption ?? entry.media_type ?? '');
}
