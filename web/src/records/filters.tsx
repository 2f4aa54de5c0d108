import { DatePicker, Input, Select } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import { memo, useEffect, useState } from 'react';
import { useDirectory } from '../api/directory.ts';
import type { RecordFilter } from '../api/records.ts';
import { term, useWords, type Group } from '../language/wording.ts';
import { ClearIcon } from '../words/clear-icon.tsx';
import { Narrowings } from './narrowings.tsx';
import { chosenDays, FLAGS, KINDS, narrow, STAGES, STATES } from './search.ts';

interface Props {
  filter: RecordFilter;
  onChange: (filter: RecordFilter) => void;
  /** Conditions that the page sets by itself. */
  without?: (keyof RecordFilter)[];
}

/** The conditions of a list of records; all have to hold. */
export const RecordFilters = memo(function RecordFilters({ filter, onChange, without = [] }: Props) {
  const { t } = useWords();
  const directory = useDirectory();
  const change = (change: Partial<RecordFilter>) => onChange(narrow(filter, change));
  const shown = (condition: keyof RecordFilter) => !without.includes(condition);
  const words = <T extends string>(group: Group, values: readonly T[]) =>
    values.map((value) => ({ value, label: term(group, value) }));
  const named = (items: { id: string; name: string }[]) => items.map(({ id, name }) => ({ value: id, label: name }));

  const teams = directory.teams.filter((team) => !filter.office || team.office === filter.office);
  const promoters = directory.people.filter(
    (person) =>
      (person.role === 'promoter' || person.role === 'supervisor') &&
      (!filter.office || person.office === filter.office) &&
      (!filter.team || person.team === filter.team),
  );

  return (
    <div className="filters" role="search">
      <TextFilter value={filter.text} onChange={(text) => change({ text })} />
      {shown('kind') && (
        <Choice
          label={t('records.filter.kind')}
          value={filter.kind}
          options={words('kind', KINDS)}
          onChange={(kind) => change({ kind })}
        />
      )}
      {shown('state') && (
        <Choice
          label={t('records.filter.state')}
          value={filter.state}
          options={words('review', STATES)}
          onChange={(state) => change({ state })}
        />
      )}
      <DatePicker.RangePicker
        className="days"
        placeholder={[t('records.filter.from'), t('records.filter.to')]}
        aria-label={t('records.filter.days')}
        value={days(filter)}
        allowEmpty={[true, true]}
        onChange={(days) => change(chosenDays(days?.[0]?.format('YYYY-MM-DD'), days?.[1]?.format('YYYY-MM-DD')))}
      />
      {directory.offices.length > 1 && (
        <Choice
          label={t('records.filter.office')}
          value={filter.office}
          options={named(directory.offices)}
          onChange={(office) => change({ office })}
        />
      )}
      {directory.teams.length > 1 && (
        <Choice
          label={t('records.filter.team')}
          value={filter.team}
          options={named(teams)}
          onChange={(team) => change({ team })}
          wide
        />
      )}
      <Choice
        label={t('records.filter.promoter')}
        value={filter.promoter}
        options={named(promoters)}
        onChange={(promoter) => change({ promoter })}
        wide
      />
      {directory.projects.length > 1 && (
        <Choice
          label={t('records.filter.project')}
          value={filter.project}
          options={named(directory.projects)}
          onChange={(project) => change({ project })}
          wide
        />
      )}
      {shown('stage') && (
        <Choice
          label={t('records.filter.stage')}
          value={filter.stage}
          options={[{ value: 'none', label: t('leads.noStage') }, ...words('stage', STAGES)]}
          onChange={(stage) => change({ stage })}
        />
      )}
      {shown('flag') && (
        <Choice
          label={t('records.filter.flag')}
          value={filter.flag}
          options={[{ value: 'any', label: t('records.filter.anyFlag') }, ...words('flag', FLAGS)]}
          onChange={(flag) => change({ flag })}
          wide
        />
      )}
      <Narrowings filter={filter} onChange={change} />
      {shown('conflict') && (
        <Choice
          label={t('records.filter.conflict')}
          value={filter.conflict === undefined ? undefined : filter.conflict ? 'with' : 'without'}
          options={[
            { value: 'with', label: t('records.filter.withConflict') },
            { value: 'without', label: t('records.filter.withoutConflict') },
          ]}
          onChange={(conflict) => change({ conflict: conflict === undefined ? undefined : conflict === 'with' })}
        />
      )}
    </div>
  );
});

/** The days of a filter as the calendar shows them; a single one is its first and its last. */
function days({ day, from, to }: RecordFilter): [Dayjs | null, Dayjs | null] {
  const shown = (day: string | undefined) => (day ? dayjs(day) : null);
  return [shown(day ?? from), shown(day ?? to)];
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T | undefined;
  options: { value: T; label: string }[];
  onChange: (value: T | undefined) => void;
  wide?: boolean;
}

/** One of several values, or none; can be typed into. */
export function Choice<T extends string>({ label, value, options, onChange, wide = false }: ChoiceProps<T>) {
  const { t } = useWords();
  return (
    <Select<T>
      className={wide ? 'wide' : 'narrow'}
      aria-label={label}
      placeholder={label}
      value={value}
      options={options}
      onChange={(value: T | undefined) => onChange(value)}
      allowClear={{ label: t('common.clear') }}
      showSearch={{ optionFilterProp: 'label' }}
      popupMatchSelectWidth={false}
    />
  );
}

function TextFilter({ value, onChange }: { value?: string; onChange: (text: string | undefined) => void }) {
  const { t } = useWords();
  const [text, setText] = useState(value ?? '');
  useEffect(() => setText(value ?? ''), [value]);
  return (
    <Input.Search
      className="search"
      value={text}
      allowClear={{ clearIcon: <ClearIcon /> }}
      aria-label={t('records.searchHint')}
      placeholder={t('records.searchHint')}
      onChange={(event) => setText(event.target.value)}
      onSearch={(text) => onChange(text.trim() || undefined)}
    />
  );
}
