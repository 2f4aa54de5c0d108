import { Button, Space } from 'antd';
import { useState } from 'react';
import type { Detail } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { Moment } from '../words/moment.tsx';
import { Value } from '../words/value.tsx';
import { edit, sortOf, splitPath } from './fields.ts';
import { FieldName } from './field-name.tsx';
import type { ConcurrentValue, Conflict } from './shape.ts';
import { isWritable, WriteField } from './write-field.tsx';

interface Props {
  detail: Detail;
  zone?: string;
  /** Left out where nobody may write. */
  onWrite?: (facts: Record<string, unknown>, field: string) => void;
  writing: boolean;
}

/** Each field that several people wrote without knowing of each other, with its values side by side. */
export function Conflicts({ detail, zone, onWrite, writing }: Props) {
  const { t } = useWords();
  const { conflicts } = detail.record;
  if (conflicts.length === 0) return null;
  // Verdicts and assignments are settled where they are made.
  const settledHere = conflicts.filter(({ zone }) => onWrite && zone === 'facts');
  const takesNew = settledHere.some((conflict) => isWritable(sortIn(detail, conflict)));
  return (
    <section className="sheet conflicts" id="conflicts" aria-label={t('record.conflicts')}>
      <h2>{t('record.conflicts')}</h2>
      <p className="quiet">
        {t('record.conflictsLead', { count: conflicts.length })}{' '}
        {settledHere.length > 0 && t(takesNew ? 'record.conflictsWrite' : 'record.conflictsTake')}
      </p>
      {conflicts.map((conflict) => (
        <SideBySide
          key={`${conflict.zone}/${conflict.field}`}
          conflict={conflict}
          detail={detail}
          zone={zone}
          onWrite={settledHere.includes(conflict) ? onWrite : undefined}
          writing={writing}
        />
      ))}
    </section>
  );
}

const sortIn = ({ line }: Detail, { zone, field }: Conflict) => sortOf(zone, field, line.kind);

function SideBySide({ conflict, detail, zone, onWrite, writing }: Props & { conflict: Conflict }) {
  const { t } = useWords();
  const [own, setOwn] = useState(false);
  const names = new Map(detail.people.map((person) => [person.actor, person.name]));
  const { name } = splitPath(conflict.field);
  const sort = sortIn(detail, conflict);
  const take = (value: ConcurrentValue) => onWrite?.(edit(conflict.field, value.value), conflict.field);
  const label = conflict.zone === 'facts' ? '' : `${term('zone', conflict.zone)} · `;
  return (
    <div className="conflict" role="group" aria-label={`${label}${term('field', name)}`}>
      <h3>
        {label}
        <FieldName path={conflict.field} />
      </h3>
      <div className="side-by-side">
        {conflict.values.map((value) => (
          <div key={value.change} className={value.shown ? 'claim claim-shown' : 'claim'}>
            <div className="claim-value">
              {value.value === null ? <em>{t('record.removed')}</em> : <Value value={value.value} sort={sort} zone={zone} />}
            </div>
            <div className="small quiet">
              {names.get(value.author) ?? t('common.unknown')} · <Moment at={value.at} zone={zone} />
            </div>
            <Space size={8} className="claim-foot">
              {onWrite && (
                <Button size="small" disabled={writing} onClick={() => take(value)}>
                  {t('record.take')}
                </Button>
              )}
              {value.shown && <span className="mark mark-stage">{t('record.taken')}</span>}
            </Space>
          </div>
        ))}
        {onWrite && isWritable(sort) && (
          <div className="claim claim-new">
            <Button size="small" type="dashed" disabled={writing} onClick={() => setOwn(true)}>
              {t('record.newValue')}…
            </Button>
          </div>
        )}
      </div>
      {own && (
        <WriteField
          path={conflict.field}
          sort={sort}
          value={conflict.values.find((value) => value.shown)?.value ?? null}
          zone={zone}
          onClose={() => setOwn(false)}
          onWrite={(value) => {
            setOwn(false);
            onWrite?.(edit(conflict.field, value), conflict.field);
          }}
        />
      )}
    </div>
  );
}
