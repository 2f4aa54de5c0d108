import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, InputNumber, Select, Switch } from 'antd';
import { changeOrganisation, organisation, type Thresholds } from '../api/organisation.ts';
import type { Body } from '../api/client.ts';
import { number, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { EVENING_HOURS, LONGEST_NAME } from './limits.ts';
import { OfficeZones } from './offices.tsx';
import { Projects } from './projects.tsx';
import { changedOf, GROUPS, RANGES } from './thresholds.ts';
import './settings.css';

/** What the organisation decides for itself. */
export function SettingsPage() {
  const { t } = useWords();
  const query = useQuery(organisation);
  return (
    <>
      <PageHead title={t('settings.title')} beside={query.data && <span className="quiet">{query.data.name}</span>} />
      <Fetched query={query}>{(settings) => <SettingsForm key={JSON.stringify(settings)} settings={settings} />}</Fetched>
      <div className="settings offices">
        <OfficeZones />
        <Projects />
      </div>
    </>
  );
}

type Draft = Thresholds & Pick<Body['OrganisationBody'], 'name' | 'evening_hour' | 'keep_exif'>;

const pick = ({ name, evening_hour, keep_exif }: Body['OrganisationBody']) => ({ name, evening_hour, keep_exif });

function SettingsForm({ settings }: { settings: Body['OrganisationBody'] }) {
  const { t } = useWords();
  const { administer } = usePowers();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const change = useMutation({
    mutationFn: ({ name, evening_hour, keep_exif, ...thresholds }: Draft) =>
      changeOrganisation({
        ...changedOf(pick(settings), { name: name.trim(), evening_hour, keep_exif }),
        thresholds: changedOf<Thresholds>(settings.thresholds, thresholds),
      }),
    onSuccess: (changed) => {
      cache.setQueryData(organisation.queryKey, changed);
      void cache.invalidateQueries({ queryKey: ['days'] });
      message.success(t('settings.saved'));
    },
    onError: notice,
  });
  return (
    <Form<Draft>
      className="settings"
      layout="vertical"
      requiredMark={false}
      disabled={!administer || change.isPending}
      initialValues={{ ...settings.thresholds, ...pick(settings) }}
      onFinish={change.mutate}
    >
      <section className="sheet" aria-label={t('settings.organisation')}>
        <h2>{t('settings.organisation')}</h2>
        <div className="settings-fields">
          <Form.Item
            name="name"
            label={t('settings.name')}
            extra={t('settings.nameLead')}
            rules={[{ required: true, whitespace: true, message: t('settings.nameRange', { max: LONGEST_NAME }) }]}
          >
            <Input maxLength={LONGEST_NAME} />
          </Form.Item>
          <Form.Item name="evening_hour" label={t('settings.evening')} extra={t('settings.eveningLead')}>
            <Select options={EVENING_HOURS.map((hour) => ({ value: hour, label: `${hour}:00` }))} />
          </Form.Item>
        </div>
      </section>
      <section className="sheet" aria-label={t('settings.thresholds')}>
        <h2>{t('settings.thresholds')}</h2>
        <p className="quiet">{t('settings.thresholdsLead')}</p>
        {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => (
          <div key={group} role="group" aria-label={t(`settings.group.${group}`)}>
            <h3>{t(`settings.group.${group}`)}</h3>
            <div className="settings-fields">
              {GROUPS[group].map((name) => (
                <Threshold key={name} name={name} />
              ))}
            </div>
          </div>
        ))}
      </section>
      <section className="sheet" aria-label={t('settings.photos')}>
        <h2>{t('settings.photos')}</h2>
        <Form.Item name="keep_exif" valuePropName="checked" label={t('settings.keepExif')} extra={t('settings.keepExifLead')}>
          <Switch />
        </Form.Item>
      </section>
      {administer ? (
        <Button className="settings-save" type="primary" htmlType="submit" loading={change.isPending}>
          {t('common.save')}
        </Button>
      ) : (
        <p className="quiet">{t('settings.readOnly')}</p>
      )}
    </Form>
  );
}

function Threshold({ name }: { name: keyof Thresholds }) {
  const { t } = useWords();
  const [min, max] = RANGES[name];
  const range = t('settings.range', { min: number(min), max: number(max) });
  return (
    <Form.Item
      name={name}
      label={t(`settings.${name}`)}
      extra={range}
      rules={[{ required: true, type: 'integer', min, max, message: range }]}
    >
      <InputNumber className="full" controls={false} suffix={t(`settings.unit.${name}`)} />
    </Form.Item>
  );
}
