import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState, type ReactNode } from 'react';
import { namedRecords, type Detail } from '../api/records.ts';
import { RecordPages } from '../days/record-pages.tsx';
import { RecordsDialog } from '../days/records-dialog.tsx';
import { DeviceLink } from '../devices/link.tsx';
import { term, useWords } from '../language/wording.ts';
import { Moment } from '../words/moment.tsx';
import { RecordLink } from '../words/record-link.tsx';
import { evidenceOf, type Evidence } from './evidence.ts';
import { Picture } from './photos.tsx';

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
                  <Said part={part} flag={flag} detail={detail} zone={zone} />
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
function Said({ part, flag, detail, zone }: { part: Evidence; flag: string; detail: Detail; zone?: string }): ReactNode {
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
    case 'photo':
      return <Picture hash={part.photo} detail={detail} name={t('flags.photo')} />;
    case 'forked':
    case 'closed':
      return (
        <>
          {t(`flags.${part.says}`)} <Moment at={part.at} zone={zone} />
        </>
      );
    case 'others':
      return (
        <>
          <Together title={term('flag', flag)} records={[detail.line.id, ...part.records].toSorted()} />{' '}
          {part.elsewhere > 0 && t('flags.someElsewhere', { count: part.elsewhere })}
        </>
      );
    default:
      return t(`flags.${part.says}`, part.numbers);
  }
}

/** Shows the records that a flag counts together. */
function Together({ title, records }: { title: string; records: string[] }) {
  const { t } = useWords();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button type="link" size="small" className="figure" onClick={() => setOpen(true)}>
        {t('flags.these')}
      </Button>
      {open && (
        <RecordsDialog title={title} onClose={() => setOpen(false)}>
          <NamedRecords ids={records} />
        </RecordsDialog>
      )}
    </>
  );
}

function NamedRecords({ ids }: { ids: string[] }) {
  return <RecordPages query={useInfiniteQuery(namedRecords(ids))} />;
}
