import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { App, Button, Select } from 'antd';
import { useState } from 'react';
import type { Body } from '../api/client.ts';
import { offices } from '../api/directory.ts';
import { changeOffice, createOffice } from '../api/organisation.ts';
import { clockTime, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { Fetched, Nothing } from '../shell/states.tsx';
import { Naming } from '../words/naming.tsx';

const ZONES = Intl.supportedValuesOf('timeZone');

/** The offices with their time zones: what their days are called, and when evening comes there. */
export function OfficeZones() {
  const { t } = useWords();
  const { administer } = usePowers();
  const query = useQuery(offices);
  return (
    <section className="sheet" aria-label={t('settings.offices')}>
      <h2>{t('settings.offices')}</h2>
      <p className="quiet">{t('settings.officesLead')}</p>
      <Fetched query={query}>
        {(offices) =>
          offices.length === 0 ? (
            <Nothing title={t('days.empty')} hint={t('days.emptyHint')} />
          ) : (
            <table className="plain words">
              <thead>
                <tr>
                  <th scope="col">{t('days.office')}</th>
                  <th scope="col">{t('settings.timeZone')}</th>
                  <th scope="col">{t('settings.nowThere')}</th>
                  {administer && <th scope="col">{t('common.actions')}</th>}
                </tr>
              </thead>
              <tbody>
                {offices.map((office) => (
                  <Row key={office.id} office={office} administer={administer} />
                ))}
              </tbody>
            </table>
          )
        }
      </Fetched>
      {administer && <NewOffice usual={query.data?.[0]?.time_zone} />}
    </section>
  );
}

function Row({ office: { id, name, time_zone }, administer }: { office: Body['OfficeBody']; administer: boolean }) {
  const { t } = useWords();
  const [renaming, setRenaming] = useState(false);
  if (renaming) {
    return (
      <tr>
        <th scope="row" colSpan={4}>
          <Naming
            label={t('settings.newNameOf', { name })}
            action={t('common.save')}
            name={name}
            save={(name) => changeOffice(id, { name })}
            stale={offices.queryKey}
            said={(name) => t('settings.renamed', { name })}
            onDone={() => setRenaming(false)}
          />
          <p className="small quiet">{t('settings.officeRenameLead')}</p>
        </th>
      </tr>
    );
  }
  return (
    <tr>
      <th scope="row">
        <Link to="/records" search={{ office: id }}>
          {name}
        </Link>
      </th>
      <td>{administer ? <Zone office={id} name={name} zone={time_zone} /> : time_zone}</td>
      <td className="number">{clockTime(Date.now(), time_zone)}</td>
      {administer && (
        <td>
          <Button size="small" aria-label={t('settings.renameOf', { name })} onClick={() => setRenaming(true)}>
            {t('settings.rename')}
          </Button>
        </td>
      )}
    </tr>
  );
}

/** Opens an office; it begins with the zone of the others. */
function NewOffice({ usual = Intl.DateTimeFormat().resolvedOptions().timeZone }: { usual?: string }) {
  const { t } = useWords();
  const [chosen, setChosen] = useState<string>();
  const zone = chosen ?? usual;
  return (
    <Naming
      label={t('settings.officeNew')}
      action={t('settings.officeOpen')}
      save={(name) => createOffice(name, zone)}
      stale={offices.queryKey}
      said={(name) => t('settings.officeOpened', { name })}
    >
      <Select
        aria-label={t('settings.timeZone')}
        showSearch
        value={zone}
        options={ZONES.map((value) => ({ value, label: value }))}
        onChange={setChosen}
      />
    </Naming>
  );
}

function Zone({ office, name, zone }: { office: string; name: string; zone: string }) {
  const { t } = useWords();
  const cache = useQueryClient();
  const notice = useProblemNotice();
  const { message } = App.useApp();
  const change = useMutation({
    mutationFn: (zone: string) => changeOffice(office, { time_zone: zone }),
    onSuccess: async () => {
      await Promise.all([offices.queryKey, ['days']].map((queryKey) => cache.invalidateQueries({ queryKey })));
      message.success(t('settings.zoneSaved', { name }));
    },
    onError: notice,
  });
  // A zone that this browser does not know is shown all the same.
  const known = ZONES.includes(zone) ? ZONES : [zone, ...ZONES];
  return (
    <Select
      className="zone"
      aria-label={t('settings.zoneOf', { name })}
      showSearch
      value={change.isPending ? change.variables : zone}
      loading={change.isPending}
      disabled={change.isPending}
      options={known.map((value) => ({ value, label: value }))}
      onChange={(value: string) => change.mutate(value)}
    />
  );
}
