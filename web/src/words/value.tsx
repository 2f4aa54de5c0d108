import type { ReactNode } from 'react';
import { useDirectory, type Directory } from '../api/directory.ts';
import { decimal, languageName, number, term, useWords } from '../language/wording.ts';
import type { Sort } from '../record/fields.ts';
import { readPlace } from '../map/place.ts';
import type { FieldValue } from '../record/shape.ts';
import { Moment } from './moment.tsx';
import { RecordLink } from './record-link.tsx';

/** A value of a field as people read it. */
export function Value({ value, sort, zone }: { value: FieldValue | undefined; sort: Sort; zone?: string }): ReactNode {
  const { t } = useWords();
  const directory = useDirectory();
  if (value === null || value === undefined || value === '') return <span className="none">{t('common.none')}</span>;
  if (typeof value === 'object') {
    const entries = Object.entries(value);
    if (entries.length === 0) return <span className="none">{t('common.none')}</span>;
    return (
      <ul className="keys">
        {entries.map(([key, value]) => (
          <li key={key}>
            <span className="key">{key}</span> <Value value={value} sort={{ as: 'line' }} />
          </li>
        ))}
      </ul>
    );
  }
  if (typeof value === 'boolean') return value ? t('common.yes') : t('common.no');
  switch (sort.as) {
    case 'choice':
      return term(sort.group, String(value));
    case 'language':
      return languageName(String(value));
    case 'moment':
      return typeof value === 'number' ? <Moment at={value} zone={zone} /> : value;
    case 'whole':
      return typeof value === 'number' ? number(value) : value;
    case 'decimal':
      return decimal(String(value));
    case 'place':
      return <PlaceWords text={String(value)} />;
    case 'record':
      return <RecordLink id={String(value)} />;
    case 'person':
    case 'team':
    case 'office':
      return nameOf(directory, sort.as, String(value));
    case 'text':
      return <span className="prose">{value}</span>;
    default:
      return String(value);
  }
}

function nameOf(directory: Directory, what: 'person' | 'team' | 'office', id: string): ReactNode {
  return directory[what](id) ?? <span className="identifier">{id}</span>;
}

function PlaceWords({ text }: { text: string }): ReactNode {
  const { t } = useWords();
  const place = readPlace(text);
  if (!place) return text;
  if (!place.fix) return t('record.noFix', { reason: term('noFix', place.reason) });
  return (
    <span className="number">
      {place.lat.toFixed(5)}, {place.lon.toFixed(5)}
      {place.accuracy === undefined ? '' : ` ${t('record.accuracy', { metres: number(Math.round(place.accuracy)) })}`}
      {place.datum === 'gcj02' ? ' GCJ-02' : ''}
      {place.mock ? ` (${t('record.mock')})` : ''}
    </span>
  );
}
