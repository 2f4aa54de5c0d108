import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, InputNumber, Switch } from 'antd';
import { changeOrganisation, organisation, type Thresholds } from '../api/organisation.ts';
import type { Body } from '../api/client.ts';
import { useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { OfficeZones } from './offices.tsx';
import { changedOf, RANGES, THRESHOLDS } from './thresholds.ts';
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
      </div>
    </>
  );
}

type Draft = Thresholds & { keep_exif: boolean };

function SettingsForm({ settings }: { settings: Body['OrganisationBody'] }) {
  const { t } = useWords();
  const { administer } = usePowers();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const change = useMutation({
    mutationFn: ({ keep_exif, ...thresholds }: Draft) =>
      changeOrganisation({
        keep_exif: keep_exif === settings.keep_exif ? undefined : keep_exif,
        thresholds: changedOf<Thresholds>(settings.thresholds, thresholds),
      }),
    onSuccess: (changed) => {
      cache.setQueryData(organisation.queryKey, changed);
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
      initialValues={{ ...settings.thresholds, keep_exif: settings.keep_exif }}
      onFinish={change.mutate}
    >
      <section className="sheet" aria-label={t('settings.thresholds')}>
        <h2>{t('settings.thresholds')}</h2>
        <p className="quiet">{t('settings.thresholdsLead')}</p>
        <div className="settings-fields">
          {THRESHOLDS.map((name) => {
            const [min, max] = RANGES[name];
            return (
              <Form.Item
                key={name}
                name={name}
                label={t(`settings.${name}`)}
                extra={t('settings.range', { min, max })}
                rules={[{ required: true, type: 'integer', min, max, message: t('settings.range', { min, max }) }]}
              >
                <InputNumber className="full" suffix={t(`settings.unit.${name}`)} />
              </Form.Item>
            );
          })}
        </div>
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
