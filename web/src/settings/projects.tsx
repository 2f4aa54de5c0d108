import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button } from 'antd';
import { useState } from 'react';
import { projects } from '../api/directory.ts';
import { createProject, renameProject } from '../api/organisation.ts';
import type { Body } from '../api/client.ts';
import { useWords } from '../language/wording.ts';
import { usePowers } from '../session/session.ts';
import { Fetched, Nothing } from '../shell/states.tsx';
import { Naming } from '../words/naming.tsx';

type Project = Body['ProjectBody'];

/** What promoters sell: the names among which they choose. */
export function Projects() {
  const { t } = useWords();
  const { administer } = usePowers();
  const query = useQuery(projects);
  return (
    <section className="sheet" aria-label={t('settings.projects')}>
      <h2>{t('settings.projects')}</h2>
      <p className="quiet">{t('settings.projectsLead')}</p>
      <Fetched query={query}>
        {(projects) =>
          projects.length === 0 ? (
            <Nothing title={t('settings.projectsNone')} />
          ) : (
            <table className="plain words">
              <thead>
                <tr>
                  <th scope="col">{t('settings.project')}</th>
                  {administer && <th scope="col">{t('common.actions')}</th>}
                </tr>
              </thead>
              <tbody>
                {projects.map((project) => (
                  <Row key={project.id} project={project} mayRename={administer} />
                ))}
              </tbody>
            </table>
          )
        }
      </Fetched>
      {administer && (
        <Naming
          label={t('settings.projectNew')}
          action={t('settings.projectAdd')}
          save={createProject}
          stale={projects.queryKey}
          said={(name) => t('settings.projectAdded', { name })}
        />
      )}
    </section>
  );
}

function Row({ project: { id, name }, mayRename }: { project: Project; mayRename: boolean }) {
  const { t } = useWords();
  const [renaming, setRenaming] = useState(false);
  if (renaming) {
    return (
      <tr>
        <th scope="row" colSpan={2}>
          <Naming
            label={t('settings.newNameOf', { name })}
            action={t('common.save')}
            name={name}
            save={(name) => renameProject(id, name)}
            stale={projects.queryKey}
            said={(name) => t('settings.renamed', { name })}
            onDone={() => setRenaming(false)}
          />
        </th>
      </tr>
    );
  }
  return (
    <tr>
      <th scope="row">
        <Link to="/records" search={{ project: id }}>
          {name}
        </Link>
      </th>
      {mayRename && (
        <td>
          <Button size="small" aria-label={t('settings.renameOf', { name })} onClick={() => setRenaming(true)}>
            {t('settings.rename')}
          </Button>
        </td>
      )}
    </tr>
  );
}
