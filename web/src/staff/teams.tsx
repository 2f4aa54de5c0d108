import { EditOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, Select, type TableColumnType } from 'antd';
import { useState } from 'react';
import type { Body } from '../api/client.ts';
import { teams, useDirectory } from '../api/directory.ts';
import { exported } from '../api/files.ts';
import { createTeam, renameTeam } from '../api/organisation.ts';
import { number, useWords } from '../language/wording.ts';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';
import { Naming } from '../words/naming.tsx';

type Team = Body['TeamBody'];

export function TeamsPage() {
  const { t } = useWords();
  const query = useQuery(teams);
  const directory = useDirectory();
  const { administer } = usePowers();
  const members = (team: Team) => directory.people.filter((person) => person.team === team.id && person.active);
  const columns: TableColumnType<Team>[] = [
    {
      key: 'team',
      title: t('teams.team'),
      width: 380,
      render: (_, team) => <Name team={team} mayRename={administer} />,
    },
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
      <PageHead
        title={t('teams.title')}
        end={<ExportButton name={t('teams.title')} list={exported('/api/v1/teams/export', { query: {} })} />}
      />
      <Fetched query={query}>
        {(teams) => (
          <List label={t('teams.title')}>
            <Lines
              rowKey="id"
              lines={teams}
              columns={columns}
              empty={t('teams.empty')}
              hint={t('teams.emptyHint')}
            />
          </List>
        )}
      </Fetched>
      {administer && <NewTeam />}
    </>
  );
}

function Name({ team: { id, name }, mayRename }: { team: Team; mayRename: boolean }) {
  const { t } = useWords();
  const [renaming, setRenaming] = useState(false);
  if (renaming) {
    return (
      <Naming
        label={t('settings.newNameOf', { name })}
        action={t('common.save')}
        name={name}
        save={(name) => renameTeam(id, name)}
        stale={teams.queryKey}
        said={(name) => t('settings.renamed', { name })}
        onDone={() => setRenaming(false)}
      />
    );
  }
  return (
    <>
      {name}{' '}
      {mayRename && (
        <Button
          type="text"
          size="small"
          icon={<EditOutlined />}
          aria-label={t('settings.renameOf', { name })}
          onClick={() => setRenaming(true)}
        />
      )}
    </>
  );
}

function NewTeam() {
  const { t } = useWords();
  const { offices } = useDirectory();
  const [office, setOffice] = useState<string>();
  return (
    <section className="sheet" aria-label={t('teams.add')}>
      <h2>{t('teams.add')}</h2>
      <Naming
        label={t('teams.new')}
        action={t('teams.form')}
        ready={office !== undefined}
        save={(name) => createTeam(office ?? '', name)}
        stale={teams.queryKey}
        said={(name) => t('teams.formed', { name })}
      >
        <Select
          aria-label={t('teams.office')}
          placeholder={t('teams.office')}
          showSearch={{ optionFilterProp: 'label' }}
          value={office}
          options={offices.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={setOffice}
        />
      </Naming>
    </section>
  );
}
