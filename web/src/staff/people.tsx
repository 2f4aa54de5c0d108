import { PlusOutlined } from '@ant-design/icons';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Checkbox, Input, Space, type TableColumnType } from 'antd';
import { useMemo, useState } from 'react';
import type { Body } from '../api/client.ts';
import { devices, people, useDirectory } from '../api/directory.ts';
import { exported } from '../api/files.ts';
import { number, term, useWords } from '../language/wording.ts';
import { EnrolDialog } from '../enrolment/enrol-dialog.tsx';
import { Choice } from '../records/filters.tsx';
import { useMe, usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Lacking, Loading } from '../shell/states.tsx';
import { ClearIcon } from '../words/clear-icon.tsx';
import { ExportButton } from '../words/export.tsx';
import { Moment } from '../words/moment.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';
import { usePatience } from '../words/patience.ts';
import { AddDialog } from './add-dialog.tsx';
import { ChangeDialog } from './change-dialog.tsx';
import { HandOverDialog } from './hand-over-dialog.tsx';
import { phonesOf, type Phones } from './phones.ts';
import { readPeopleSearch, ROLES, type PeopleSearch } from './search.ts';

type Person = Body['PersonBody'];
type Device = Body['DeviceBody'];

export function PeoplePage() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/people' });
  const navigate = useNavigate({ from: '/people' });
  const query = useQuery(people);
  const directory = useDirectory();
  const { administer, seeDevices } = usePowers();
  // Asked for at once, and waited for: the lines that name them would be drawn a second time.
  const phones = useQuery({ ...devices, enabled: seeDevices });
  const waiting = usePatience() && phones.isLoading && phones.failureCount === 0;
  const [adding, setAdding] = useState(false);
  const show = (change: Partial<PeopleSearch>) =>
    void navigate({ search: readPeopleSearch({ ...search, ...change }), replace: true });
  const matches = (person: Person) =>
    (search.everybody || person.active) &&
    (!search.office || person.office === search.office) &&
    (!search.team || person.team === search.team) &&
    (!search.role || person.role === search.role) &&
    (!search.text || person.name.toLowerCase().includes(search.text.toLowerCase()));
  return (
    <>
      <PageHead
        title={t('people.title')}
        end={
          <>
            <ExportButton name={t('people.title')} list={exported('/api/v1/people/export', { query: search })} />
            <Button onClick={() => void query.refetch()} loading={query.isFetching}>
              {t('common.refresh')}
            </Button>
            {administer && (
              <Button type="primary" onClick={() => setAdding(true)}>
                {t('people.add')}
              </Button>
            )}
          </>
        }
      />
      <div className="filters" role="search">
        <Input
          className="search"
          allowClear={{ clearIcon: <ClearIcon /> }}
          aria-label={t('people.name')}
          placeholder={t('people.name')}
          value={search.text ?? ''}
          onChange={(event) => show({ text: event.target.value || undefined })}
        />
        <Choice
          label={t('people.role')}
          value={search.role}
          options={ROLES.map((value) => ({ value, label: term('role', value) }))}
          onChange={(role) => show({ role })}
          wide
        />
        {directory.offices.length > 1 && (
          <Choice
            label={t('people.office')}
            value={search.office}
            options={directory.offices.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(office) => show({ office, team: undefined })}
          />
        )}
        <Choice
          label={t('people.team')}
          value={search.team}
          options={directory.teams
            .filter((team) => !search.office || team.office === search.office)
            .map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(team) => show({ team })}
          wide
        />
        <Checkbox
          checked={!search.everybody}
          onChange={(event) => show({ everybody: event.target.checked ? undefined : true })}
        >
          {t('people.activeOnly')}
        </Checkbox>
      </div>
      <Fetched query={query} rows={12}>
        {(people) => (waiting ? <Loading rows={12} /> : <PeopleTable people={people.filter(matches)} phones={phones} />)}
      </Fetched>
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

const field = (person: Person) => person.role === 'promoter' || person.role === 'supervisor';

interface Listed {
  people: Person[];
  phones: UseQueryResult<Device[]>;
}

function PeopleTable({ people, phones }: Listed) {
  const { t } = useWords();
  const directory = useDirectory();
  const me = useMe();
  const powers = usePowers();
  const byPerson = useMemo(() => phonesOf(phones.data ?? []), [phones.data]);
  const [asking, setAsking] = useState<{ act: 'change' | 'handOver' | 'enrol'; person: Person }>();
  const close = () => setAsking(undefined);
  const columns = useMemo(() => {
    const of = (person: Person): Phones | undefined => byPerson.get(person.id);
    const columns: TableColumnType<Person>[] = [
      {
        key: 'name',
        title: t('people.name'),
        width: 150,
        render: (_, person) => (
          <>
            {field(person) ? (
              <Link to="/records" search={{ promoter: person.id }} title={t('people.recordsOf', { name: person.name })}>
                {person.name}
              </Link>
            ) : (
              person.name
            )}{' '}
            {!person.active && <span className="mark mark-off">{t('people.inactive')}</span>}
          </>
        ),
      },
      {
        key: 'role',
        title: t('people.role'),
        width: 130,
        className: 'wide-short',
        render: (_, person) => term('role', person.role),
      },
      {
        key: 'office',
        title: t('people.office'),
        width: 110,
        className: 'short',
        render: (_, person) => directory.office(person.office),
      },
      {
        key: 'team',
        title: t('people.team'),
        width: 120,
        className: 'short',
        render: (_, person) => directory.team(person.team),
      },
    ];
    if (powers.seeDevices) {
      columns.push(
        {
          key: 'phones',
          title: t('people.phones'),
          width: 96,
          align: 'right',
          sorter: (a, b) => (of(a)?.count ?? 0) - (of(b)?.count ?? 0),
          render: (_, person) => (
            <Space size={6}>
              {of(person) && (
                <Link to="/devices" search={{ person: person.id }} title={t('devices.of', { name: person.name })}>
                  {number(of(person)?.count ?? 0)}
                </Link>
              )}
              {powers.invite && field(person) && person.active && (
                <Button
                  size="small"
                  icon={<PlusOutlined />}
                  title={t('enrol.action')}
                  aria-label={`${t('enrol.action')}: ${person.name}`}
                  onClick={() => setAsking({ act: 'enrol', person })}
                />
              )}
            </Space>
          ),
        },
        {
          key: 'unsent',
          title: t('people.unsent'),
          width: 90,
          align: 'right',
          sorter: (a, b) => (of(a)?.unsent ?? 0) - (of(b)?.unsent ?? 0),
          render: (_, person) =>
            (of(person)?.unsent ?? 0) > 0 && (
              <Link to="/devices" search={{ person: person.id, unsent: true }} className="mark mark-held">
                {number(of(person)?.unsent ?? 0)}
              </Link>
            ),
        },
        {
          key: 'exchange',
          title: t('people.lastExchange'),
          width: 140,
          sorter: (a, b) => (of(a)?.lastExchange ?? 0) - (of(b)?.lastExchange ?? 0),
          render: (_, person) => {
            const last = of(person)?.lastExchange;
            if (last === undefined) return of(person) && <span className="none">{t('devices.never')}</span>;
            return <Moment at={last} zone={directory.zone(person.office)} />;
          },
        },
      );
    }
    if (powers.administer || powers.reassign) {
      columns.push({
        key: 'actions',
        title: t('common.actions'),
        width: 180,
        render: (_, person) => (
          <Space size={4} wrap>
            {powers.administer && person.id !== me.id && (
              <Button
                size="small"
                aria-label={`${t('people.change')}: ${person.name}`}
                onClick={() => setAsking({ act: 'change', person })}
              >
                {t('people.change')}
              </Button>
            )}
            {powers.reassign && field(person) && (
              <Button
                size="small"
                aria-label={`${t('people.handOver')}: ${person.name}`}
                onClick={() => setAsking({ act: 'handOver', person })}
              >
                {t('people.handOver')}
              </Button>
            )}
          </Space>
        ),
      });
    }
    return columns;
  }, [t, directory, me.id, powers, byPerson]);
  return (
    <List label={t('people.title')}>
      <Lacking what={t('people.phones')} queries={[phones]} />
      <Lines
        rowKey="id"
        lines={people}
        columns={columns}
        atOnce={50}
        empty={t('people.empty')}
        hint={t('people.emptyHint')}
      />
      {asking?.act === 'change' && <ChangeDialog person={asking.person} onClose={close} />}
      {asking?.act === 'enrol' && <EnrolDialog person={asking.person} onClose={close} />}
      {asking?.act === 'handOver' && <HandOverDialog person={asking.person} onClose={close} />}
    </List>
  );
}
