import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Detail, Line } from '../api/records.ts';
import { DeviceLink } from '../devices/link.tsx';
import { term, useWords } from '../language/wording.ts';
import { Moment } from '../words/moment.tsx';
import { RecordLink } from '../words/record-link.tsx';
import { evidenceOf, type Evidence } from './evidence.ts';

/** Why somebody should look more closely, each reason with what speaks for it; never a verdict. */
export function Flags({ detail, zone }: { detail: Detail; zone?: string }) {
  const { t } = useWords();
  if (detail.flags.length === 0) return null;
  return (
    <section className="sheet flags" id="flags" aria-label={t('flags.title')}>
      <h2>{t('flags.title')}</h2>
      <p className="quiet small">{t('flags.lead')}</p>
      <dl>
        {detail.flags.map(({ flag, evidence }, index) => (
          <div key={`${flag} ${index}`} className="flag">
            <dt>
              <span className="mark mark-flag">{term('flag', flag)}</span>
            </dt>
            <dd>
              {evidenceOf(flag, evidence).map((part) => (
                <div key={part.says}>
                  <Said part={part} line={detail.line} zone={zone} />
                </div>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** One thing that speaks for a flag, in words. */
function Said({ part, line, zone }: { part: Evidence; line: Line; zone?: string }): ReactNode {
  const { t } = useWords();
  switch (part.says) {
    case 'record':
      return part.record === null ? (
        t('flags.elsewhere')
      ) : (
        <>
          {t('flags.record')} <RecordLink id={part.record} />
        </>
      );
    case 'places':
      return t('flags.places', { places: part.places.map((place) => t(`flags.place.${place}`)).join(t('live.and')) });
    case 'device':
      return (
        <>
          {t('flags.device')} <DeviceLink id={part.device} />
        </>
      );
    case 'forked':
    case 'closed':
      return (
        <>
          {t(`flags.${part.says}`)} <Moment at={part.at} zone={zone} />
        </>
      );
    default:
      return (
        <>
          {t(`flags.${part.says}`, part.numbers)}
          {part.says === 'rate' && (
            <>
              {' '}
              <Link to="/records" search={{ promoter: line.owner, day: line.day }}>
                {t('flags.thatDay')}
              </Link>
            </>
          )}
        </>
      );
  }
}
