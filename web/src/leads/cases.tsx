import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { leadCases, type Case, type LeadFilter } from '../api/leads.ts';
import { useDirectory } from '../api/directory.ts';
import { nameOf } from '../api/records.ts';
import { percent, term, useWords } from '../language/wording.ts';
import { Fetched, Nothing } from '../shell/states.tsx';
import { ReviewMark } from '../words/marks.tsx';
import { Moment } from '../words/moment.tsx';
import { More } from '../words/more.tsx';

/** Leads that name the same phone number: whose customer is it? Nobody is judged here; the records and their evidence are. */
export function Cases({ filter }: { filter: LeadFilter }) {
  const { t } = useWords();
  const query = useInfiniteQuery(leadCases(filter));
  const flagged = { ...filter, kind: 'lead', flag: 'duplicate_phone' } as const;
  return (
    <section className="sheet" aria-label={t('leads.cases')}>
      <div className="sheet-head">
        <h2>{t('leads.cases')}</h2>
        <span>
          <Link to="/records" search={flagged}>
            {t('leads.toRecords')}
          </Link>{' '}
          · <Link to="/review" search={flagged}>{t('records.reviewThese')}</Link>
        </span>
      </div>
      <p className="quiet">{t('leads.casesLead')}</p>
      <Fetched query={query}>
        {({ pages }) => {
          const cases = pages.flatMap(({ items }) => items);
          return (
            <>
              {cases.length === 0 && !query.hasNextPage && <Nothing title={t('leads.noCases')} hint={t('leads.noCasesHint')} />}
              {cases.map((one) => (
                <OneCase key={one.leads[0]?.id} one={one} />
              ))}
              <More query={query} />
            </>
          );
        }}
      </Fetched>
    </section>
  );
}

function OneCase({ one: { leads, elsewhere } }: { one: Case }) {
  const { t } = useWords();
  const directory = useDirectory();
  const name = leads[0] ? nameOf(leads[0]) : '';
  return (
    <div className="case" role="group" aria-label={t('leads.case', { name })}>
      <table className="plain words">
        <thead>
          <tr>
            <th scope="col">{t('leads.lead')}</th>
            <th scope="col">{t('records.filter.promoter')}</th>
            <th scope="col">{t('records.filter.office')}</th>
            <th scope="col">{t('leads.registered')}</th>
            <th scope="col">{t('records.filter.stage')}</th>
            <th scope="col">{t('records.filter.state')}</th>
            <th scope="col">{t('record.completeness')}</th>
          </tr>
        </thead>
        <tbody>
          {leads.map((line) => (
            <tr key={line.id}>
              <th scope="row">
                <Link to="/records/$id" params={{ id: line.id }} className="row-link">
                  {nameOf(line)}
                </Link>
              </th>
              <td>{directory.person(line.owner)}</td>
              <td>{directory.office(line.office)}</td>
              <td>
                <Moment at={line.captured} zone={directory.zone(line.office)} />
              </td>
              <td>{line.stage && term('stage', line.stage)}</td>
              <td>
                <ReviewMark state={line.review} />
              </td>
              <td className="number">{line.completeness == null ? '' : percent(line.completeness)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {elsewhere > 0 && <p className="small quiet">{t('leads.elsewhere', { count: elsewhere })}</p>}
    </div>
  );
}
