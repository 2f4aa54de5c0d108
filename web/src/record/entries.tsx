import type { Detail } from '../api/records.ts';
import { number, term, useWords } from '../language/wording.ts';
import { Moment } from '../words/moment.tsx';

/** How far a lead has come, and what was done about it. */
export function Entries({ detail, zone }: { detail: Detail; zone?: string }) {
  const { t } = useWords();
  const view = detail.record;
  const names = new Map(detail.people.map((person) => [person.actor, person.name]));
  return (
    <>
      {detail.line.kind === 'lead' && (
        <section className="sheet" aria-label={t('record.stages')}>
          <h2>{t('record.stages')}</h2>
          {view.stages.length === 0 && <p className="none">{t('record.noStages')}</p>}
          <ol className="entries">
            {view.stages.map((entry) => (
              <li key={entry.id}>
                <div className="small quiet">
                  <Moment at={entry.at} zone={zone} /> · {names.get(entry.author) ?? t('common.unknown')}
                </div>
                <span className="mark mark-stage">{term('stage', entry.stage)}</span>{' '}
                {[entry.amount && `¥ ${entry.amount}`, entry.unit, entry.reason].filter(Boolean).join(' · ')}
              </li>
            ))}
          </ol>
        </section>
      )}
      <section className="sheet" aria-label={t('record.followUps')}>
        <h2>
          {t('record.followUps')} {view.follow_ups.length > 0 && <span className="quiet">{number(view.follow_ups.length)}</span>}
        </h2>
        {view.follow_ups.length === 0 && <p className="none">{t('record.noFollowUps')}</p>}
        <ol className="entries">
          {view.follow_ups.map((entry) => (
            <li key={entry.id}>
              <div className="small quiet">
                <Moment at={entry.at} zone={zone} /> · {names.get(entry.author) ?? t('common.unknown')}
                {entry.by_means_of && ` · ${term('means', entry.by_means_of)}`}
              </div>
              <div className="prose">{entry.text}</div>
              {entry.next_on && <div className="small">{t('record.next', { day: entry.next_on })}</div>}
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}
