import { EditOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import type { Detail } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { Value } from '../words/value.tsx';
import { edit, FIELDS, type Field } from './fields.ts';
import type { Scalar } from './shape.ts';
import { isWritable, WriteField } from './write-field.tsx';

interface Props {
  detail: Detail;
  zone?: string;
  onWrite?: (facts: Record<string, unknown>, field: string) => void;
  writing: boolean;
}

/** The merged values in the order of the form. */
export function Values({ detail, zone, onWrite, writing }: Props) {
  const { t } = useWords();
  const [editing, setEditing] = useState<Field>();
  const view = detail.record;
  const inConflict = new Set(
    view.conflicts.filter((conflict) => conflict.zone === 'facts').map((conflict) => conflict.field.split('/')[0]),
  );
  const unknown = Object.entries(view.unknown ?? {});
  return (
    <section className="sheet" aria-label={t('record.values')}>
      <h2>{t('record.values')}</h2>
      <dl className="values">
        {FIELDS[detail.line.kind].map((field) => (
          <div key={field.name} className={field.sort.as === 'text' || field.sort.as === 'map' ? 'value value-wide' : 'value'}>
            <dt>{term('field', field.name)}</dt>
            <dd>
              <Value value={view.facts[field.name]} sort={field.sort} zone={zone} />
              {inConflict.has(field.name) && (
                <a href="#conflicts" className="mark mark-conflict">
                  {t('records.filter.withConflict')}
                </a>
              )}
              {onWrite && isWritable(field.sort) && (
                <Button
                  className="edit"
                  type="text"
                  size="small"
                  icon={<EditOutlined />}
                  disabled={writing}
                  aria-label={t('record.edit', { field: term('field', field.name) })}
                  onClick={() => setEditing(field)}
                />
              )}
            </dd>
          </div>
        ))}
      </dl>
      {unknown.length > 0 && (
        <>
          <h3>{t('record.unknownFields')}</h3>
          <Value value={Object.fromEntries(unknown)} sort={{ as: 'map' }} />
        </>
      )}
      {editing && (
        <WriteField
          path={editing.name}
          sort={editing.sort}
          value={(view.facts[editing.name] ?? null) as Scalar}
          zone={zone}
          onClose={() => setEditing(undefined)}
          onWrite={(value) => {
            setEditing(undefined);
            onWrite?.(edit(editing.name, value), editing.name);
          }}
        />
      )}
    </section>
  );
}
