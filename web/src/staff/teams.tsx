import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Table, type TableColumnType } from 'antd';
import type { Body } from '../api/client.ts';
import { teams, useDirectory } from '../api/directory.ts';
import { number, useWords } from '../language/wording.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Nothing } from '../shell/states.tsx';
import { List } from '../words/list.tsx';

type Team = Body['TeamBody'];

export function TeamsPage() {
  const { t } = useWords();
  const query = useQuery(teams);
  const directory = useDirectory();
  const members = (team: Team) => directory.people.filter((person) => person.team === team.id && person.active);
  const columns: TableColumnType<Team>[] = [
    { key: 'team', title: t('teams.team'), render: (_, team) => team.name },
    { key: 'office', title: t('teams.office'), width: 160, render: (_, team) => directory.office(team.office) },
    {
      key: 'supervisors',
      title: t('teams.supervisors'),
      width: 220,
      render: (_, team) =>
        members(team)
          .filter((person) => person.role === 'supervisor')
          .map((person) => person.name)
          .join(', '),
    },
    {
      key: 'members',
      title: t('teams.members'),
      width: 100,
      align: 'right',
      render: (_, team) => (
        <Link to="/people" search={{ team: team.id }} title={t('teams.membersOf', { name: team.name })}>
          {number(members(team).length)}
        </Link>
      ),
    },
    {
      key: 'records',
      title: t('teams.records'),
      width: 120,
      render: (_, team) => (
        <Link to="/records" search={{ team: team.id }} title={t('teams.recordsOf', { name: team.name })}>
          {t('teams.records')}
        </Link>
      ),
    },
  ];
  return (
    <>
      <PageHead title={t('teams.title')} />
      <Fetched query={query}>
        {(teams) => (
          <List label={t('teams.title')}>
            <Table<Team>
              size="small"
              rowKey="id"
              dataSource={teams}
              columns={columns}
              pagination={false}
              locale={{ emptyText: <Nothing title={t('teams.empty')} hint={t('teams.emptyHint')} /> }}
            />
          </List>
        )}
      </Fetched>
    </>
  );
}
