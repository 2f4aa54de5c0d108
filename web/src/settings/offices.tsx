import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { App, Select } from 'antd';
import { offices } from '../api/directory.ts';
import { changeTimeZone } from '../api/organisation.ts';
import { clockTime, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { Fetched, Nothing } from '../shell/states.tsx';

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
                </tr>
              </thead>
              <tbody>
                {offices.map(({ id, name, time_zone }) => (
                  <tr key={id}>
                    <th scope="row">
                      <Link to="/records" search={{ office: id }}>
                        {name}
                      </Link>
                    </th>
                    <td>{administer ? <Zone office={id} name={name} zone={time_zone} /> : time_zone}</td>
                    <td className="number">{clockTime(Date.now(), time_zone)}</td>
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

function Zone({ office, name, zone }: { office: string; name: string; zone: string }) {
  const { t } = useWords();
  const cache = useQueryClient();
  const notice = useProblemNotice();
  const { message } = App.useApp();
  const change = useMutation({
    mutationFn: (zone: string) => changeTimeZone(office, zone),
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
