import { Select, type TableColumnType } from 'antd';
import { useState } from 'react';
import type { Detail } from '../api/records.ts';
import { DeviceLink } from '../devices/link.tsx';
import { SKEW_MS } from '../devices/search.ts';
import { stretch, term, time, useWords } from '../language/wording.ts';
import { Lines } from '../words/lines.tsx';
import { Moment } from '../words/moment.tsx';
import { Act } from './act.tsx';
import { FieldName } from './field-name.tsx';
import type { HistoryLine } from './shape.ts';

/** What every change did to every field: who, when, from which device. Newest first. */
export function History({ detail, zone }: { detail: Detail; zone?: string }) {
  const { t } = useWords();
  const [field, setField] = useState<string>();
  const lines = detail.history.toReversed();
  const fields = [...new Set(lines.map(subject))].toSorted();
  const shown = field === undefined ? lines : lines.filter((line) => subject(line) === field);
  return (
    <section className="sheet" aria-label={t('record.history')}>
      <div className="sheet-head">
        <h2>{t('record.history')}</h2>
        <Select
          size="small"
          allowClear={{ label: t('common.clear') }}
          aria-label={t('record.fieldColumn')}
          placeholder={t('record.oneField')}
          value={field}
          onChange={(value: string | undefined) => setField(value)}
          options={fields.map((value) => ({ value, label: subjectWords(value) }))}
          popupMatchSelectWidth={false}
          className="wide"
        />
      </div>
      <HistoryTable lines={shown} zone={zone} kind={detail.line.kind} />
      <Grades />
    </section>
  );
}

/** What the grades of time mean. */
function Grades() {
  const { t } = useWords();
  return (
    <details className="small quiet">
      <summary>{t('record.grades.title')}</summary>
      <dl>
        {(['server', 'monotonic', 'wall'] as const).map((grade) => (
          <div key={grade}>
            <dt>{term('grade', grade)}</dt>
            <dd>{t(`record.grades.${grade}`)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** A field of the facts by its name, entries of a list by the list. */
const subject = (line: HistoryLine) =>
  line.field === '' ? `:${line.zone}` : line.zone === 'facts' ? line.field : `${line.zone}:${line.field}`;

function subjectWords(subject: string): string {
  const [zone = '', field] = subject.includes(':') ? subject.split(':', 2) : ['', subject];
  if (zone === '') return subject.startsWith(':') ? term('zone', field ?? '') : term('field', subject);
  return `${term('zone', zone)} · ${term('field', field ?? '')}`;
}

/** What proves a change: a line of a signed journal, a session, or a colleague's word; and how sure its time is. */
function Proof({ line, zone }: { line: HistoryLine; zone?: string }) {
  const { t } = useWords();
  const { evidence, grade, not_after: latest, received_at: received, n, skew_ms: skew } = line;
  // What was on its way for less than a minute says nothing that the other column does not.
  const earlier = latest !== undefined && received - latest >= 60_000;
  return (
    <span className="small">
      {evidence === undefined ? t('common.none') : term('evidence', evidence)}
      {grade !== undefined && <div className="quiet">{term('grade', grade)}</div>}
      {earlier && (
        <div className="quiet">{t('record.notAfter', { time: time(latest, zone) })}</div>
      )}
      {n != null && <div className="quiet number">{t('record.line', { n })}</div>}
      {skew != null && Math.abs(skew) >= SKEW_MS && (
        <div className="mark mark-held">{t('record.skew', { by: stretch(Math.abs(skew)) })}</div>
      )}
    </span>
  );
}

export function HistoryTable({ lines, zone, kind }: { lines: HistoryLine[]; zone?: string; kind?: Detail['line']['kind'] }) {
  const { t } = useWords();
  const columns: TableColumnType<HistoryLine>[] = [
    {
      key: 'field',
      title: t('record.fieldColumn'),
      width: 120,
      render: (_, line) =>
        line.field === '' ? (
          term('zone', line.zone)
        ) : (
          <>
            {line.zone !== 'facts' && `${term('zone', line.zone)} · `}
            <FieldName path={line.field} />
          </>
        ),
    },
    { key: 'what', title: t('record.what'), render: (_, line) => <Act line={line} kind={kind} zone={zone} /> },
    {
      key: 'author',
      title: t('record.author'),
      width: 120,
      render: (_, line) => (
        <>
          {line.person_name}
          <div className="small">
            {line.device ? <DeviceLink id={line.device} label={line.device_label} /> : t('common.console')}
          </div>
        </>
      ),
    },
    {
      key: 'at',
      title: t('record.writtenAt'),
      width: 150,
      render: (_, line) => (
        <>
          <Moment at={line.at} zone={zone} />
          <div className="small quiet">
            {t('record.receivedAt')} <Moment at={line.received_at} zone={zone} />
          </div>
        </>
      ),
    },
    {
      key: 'evidence',
      title: t('record.evidence'),
      width: 130,
      render: (_, line) => <Proof line={line} zone={zone} />,
    },
  ];
  return (
    <Lines
      rowKey={(line) => `${line.change} ${line.zone} ${line.field} ${line.act} ${line.entry?.id ?? ''}`}
      lines={lines}
      columns={columns}
      atOnce={20}
    />
  );
}
