import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { exported } from '../api/files.ts';
import { leadsReceived, leadStages, type LeadFilter } from '../api/leads.ts';
import { useDirectory } from '../api/directory.ts';
import { number, term, useWords } from '../language/wording.ts';
import { Choice } from '../records/filters.tsx';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Nothing } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { Share } from '../words/share.tsx';
import { Cases } from './cases.tsx';
import { readLeadSearch } from './search.ts';
import { ladderOf } from './stages.ts';
import './leads.css';

/** Leads together: how far they have come, who received customers, and whose customer somebody may be. */
export function LeadsPage() {
  const { t } = useWords();
  const filter = useSearch({ from: '/inside/leads' });
  const navigate = useNavigate({ from: '/leads' });
  const directory = useDirectory();
  const powers = usePowers();
  const cache = useQueryClient();
  const show = (change: LeadFilter) => void navigate({ search: readLeadSearch({ ...filter, ...change }) });
  const named = (items: { id: string; name: string }[]) => items.map(({ id, name }) => ({ value: id, label: name }));
  return (
    <>
      <PageHead
        title={t('leads.title')}
        end={
          <>
            <Link to="/records" search={{ ...filter, kind: 'lead' }}>
              {t('leads.all')}
            </Link>
            <ExportButton name={t('leads.title')} list={exported('/api/v1/leads/cases/export', { query: filter })} />
            <Button onClick={() => void cache.invalidateQueries({ queryKey: ['leads'] })}>{t('common.refresh')}</Button>
          </>
        }
      />
      {(directory.offices.length > 1 || directory.projects.length > 1) && (
        <div className="filters">
          {directory.offices.length > 1 && (
            <Choice
              label={t('records.filter.office')}
              value={filter.office}
              options={named(directory.offices)}
              onChange={(office) => show({ office })}
            />
          )}
          {directory.projects.length > 1 && (
            <Choice
              label={t('records.filter.project')}
              value={filter.project}
              options={named(directory.projects)}
              onChange={(project) => show({ project })}
              wide
            />
          )}
        </div>
      )}
      <div className="lead-figures">
        <Stages filter={filter} />
        {powers.seeDays && <Received filter={filter} />}
      </div>
      <Cases filter={filter} />
    </>
  );
}

function Stages({ filter }: { filter: LeadFilter }) {
  const { t } = useWords();
  const query = useQuery(leadStages(filter));
  return (
    <section className="sheet" aria-label={t('leads.stages')}>
      <div className="sheet-head">
        <h2>{t('leads.stages')}</h2>
        <ExportButton name={t('leads.stages')} list={exported('/api/v1/leads/stages/export', { query: filter })} />
      </div>
      <p className="quiet">{t('leads.stagesLead')}</p>
      <Fetched query={query}>
        {(stages) => {
          const { rungs, all } = ladderOf(stages);
          if (all === 0) return <Nothing title={t('leads.none')} hint={t('leads.noneHint')} />;
          return (
            <table className="plain shares">
              <thead>
                <tr>
                  <th scope="col">{t('records.filter.stage')}</th>
                  <th scope="col">{t('leads.count')}</th>
                  <th scope="col">{t('leads.share')}</th>
                </tr>
              </thead>
              <tbody>
                {rungs.map(({ stage, leads }) => (
                  <tr key={stage ?? ''}>
                    <th scope="row">{stage === undefined ? t('leads.noStage') : term('stage', stage)}</th>
                    <td>
                      {leads === 0 ? (
                        <span className="none">{number(leads)}</span>
                      ) : (
                        <Link to="/records" search={{ ...filter, kind: 'lead', stage: stage ?? 'none' }}>
                          {number(leads)}
                        </Link>
                      )}
                    </td>
                    <td>
                      <Share part={leads} of={all} />
                    </td>
                  </tr>
                ))}
              </tbody>
              <tfoot>
                <tr>
                  <th scope="row">{t('board.total')}</th>
                  <td>
                    <Link to="/records" search={{ ...filter, kind: 'lead' }}>
                      {number(all)}
                    </Link>
                  </td>
                  <td />
                </tr>
              </tfoot>
            </table>
          );
        }}
      </Fetched>
    </section>
  );
}

function Received({ filter }: { filter: LeadFilter }) {
  const { t } = useWords();
  const directory = useDirectory();
  const query = useQuery(leadsReceived(filter));
  return (
    <section className="sheet" aria-label={t('leads.received')}>
      <div className="sheet-head">
        <h2>{t('leads.received')}</h2>
        <span className="end">
          <Link to="/rota" search={filter.office === undefined ? {} : { office: filter.office }}>
            {t('menu.rota')}
          </Link>
          <ExportButton name={t('leads.received')} list={exported('/api/v1/leads/received/export', { query: filter })} />
        </span>
      </div>
      <Fetched query={query}>
        {(received) =>
          received.length === 0 ? (
            <Nothing title={t('leads.nobodyReceived')} hint={t('leads.nobodyReceivedHint')} />
          ) : (
            <table className="plain words">
              <thead>
                <tr>
                  <th scope="col">{t('arrival.consultant')}</th>
                  <th scope="col">{t('records.filter.office')}</th>
                  <th scope="col">{t('leads.arrivals')}</th>
                </tr>
              </thead>
              <tbody>
                {received.map(({ office, consultant, arrivals }) => (
                  <tr key={`${office}/${consultant ?? ''}`}>
                    <th scope="row">{consultant ?? <span className="none">{t('leads.nobody')}</span>}</th>
                    <td>{directory.office(office)}</td>
                    <td className="number">
                      <Link to="/records" search={{ ...filter, kind: 'lead', office, received_by: consultant ?? '' }}>
                        {number(arrivals)}
                      </Link>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Fetched>
    </section>
  );
}
