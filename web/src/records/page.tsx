import { SettingOutlined } from '@ant-design/icons';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useRouterState, useSearch } from '@tanstack/react-router';
import { Button, Checkbox, Popover, Table } from 'antd';
import { useMemo, useState } from 'react';
import { useDirectory } from '../api/directory.ts';
import { PAGE, recordPage, type Line, type RecordFilter } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Loading, Nothing } from '../shell/states.tsx';
import { readReviewSearch } from '../review/search.ts';
import { List } from '../words/list.tsx';
import { COLUMNS, columnsOf, rememberColumns, rememberedColumns, USUAL, type Column } from './columns.tsx';
import { ExportButton } from './export.tsx';
import { RecordFilters } from './filters.tsx';
import { Presets } from './presets.tsx';
import { readFilter } from './search.ts';
import { SelectionActions } from './selection.tsx';

const NOBODY: Line[] = [];

export function RecordsPage() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/records' });
  const navigate = useNavigate({ from: '/records' });
  const trail = useRouterState({ select: (state) => state.location.state.trail });
  const directory = useDirectory();
  const powers = usePowers();
  const filter = useMemo(() => readFilter(search), [search]);
  const query = useQuery({ ...recordPage({ ...filter, limit: PAGE, after: search.after }), placeholderData: keepPreviousData });
  const [columns, setColumns] = useState(rememberedColumns);
  const [selected, setSelected] = useState<Line[]>(NOBODY);

  const show = (filter: RecordFilter) => {
    setSelected(NOBODY);
    void navigate({ search: filter });
  };
  const goOn = (after: string) => {
    setSelected(NOBODY);
    void navigate({ search: { ...filter, after }, state: { trail: [...(trail ?? []), search.after ?? ''] } });
  };
  const goBack = () => {
    setSelected(NOBODY);
    const before = trail?.at(-1) || undefined;
    void navigate({ search: { ...filter, after: before }, state: { trail: trail?.slice(0, -1) } });
  };
  const chooseColumns = (columns: Column[]) => {
    setColumns(columns);
    rememberColumns(columns);
  };

  const filtered = Object.keys(filter).length > 0;
  const items = query.data?.items;
  return (
    <>
      <PageHead
        title={t('records.title')}
        end={
          <>
            {powers.review && (
              <Link to="/review" search={readReviewSearch(filter)}>
                {t('records.reviewThese')}
              </Link>
            )}
            <ExportButton filter={filter} />
            <ColumnChoice columns={columns} onChange={chooseColumns} />
            <Button onClick={() => void query.refetch()} loading={query.isFetching}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <RecordFilters filter={filter} onChange={show} />
      <Presets filter={filter} onShow={show} />
      {query.error && <Trouble error={query.error} again={() => void query.refetch()} />}
      {!items && !query.error && <Loading rows={12} />}
      {items && (
        <>
          <List label={t('records.title')}>
            <Table<Line>
              size="small"
              rowKey="id"
              dataSource={items}
              columns={columnsOf(columns, directory, (column) => t(`records.column.${column}`))}
              pagination={false}
              loading={query.isPlaceholderData}
              rowSelection={
                powers.review || powers.reassign
                  ? {
                      selectedRowKeys: selected.map((line) => line.id),
                      onChange: (_, lines) => setSelected(lines),
                      getCheckboxProps: (line) => ({ 'aria-label': line.title }) as object,
                    }
                  : undefined
              }
              locale={{
                emptyText: (
                  <Nothing title={t('records.empty')} hint={filtered ? t('records.emptyHint') : undefined}>
                    {filtered && <Button onClick={() => show({})}>{t('records.reset')}</Button>}
                  </Nothing>
                ),
              }}
            />
          </List>
          <div className="list-foot">
            <div className="start">
              {selected.length > 0 && <SelectionActions lines={selected} onDone={() => setSelected(NOBODY)} />}
            </div>
            {filtered && (
              <Button type="link" onClick={() => show({})}>
                {t('records.reset')}
              </Button>
            )}
            <Button disabled={!search.after} onClick={() => show(filter)}>
              {t('common.firstPage')}
            </Button>
            <Button disabled={!trail?.length} onClick={goBack}>
              {t('common.previousPage')}
            </Button>
            <Button disabled={!query.data?.next} onClick={() => query.data?.next && goOn(query.data.next)}>
              {t('common.nextPage')}
            </Button>
          </div>
        </>
      )}
    </>
  );
}

function ColumnChoice({ columns, onChange }: { columns: Column[]; onChange: (columns: Column[]) => void }) {
  const { t } = useWords();
  const content = (
    <div className="column-choice">
      <Checkbox.Group<Column>
        value={columns}
        onChange={(chosen) => onChange(COLUMNS.filter((column) => chosen.includes(column)))}
        options={COLUMNS.map((value) => ({ value, label: t(`records.column.${value}`), disabled: value === 'title' }))}
      />
      <Button type="link" size="small" onClick={() => onChange(USUAL)}>
        {t('common.reset')}
      </Button>
    </div>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={content}>
      <Button icon={<SettingOutlined />}>{t('records.columns')}</Button>
    </Popover>
  );
}
