import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Checkbox, Space, type TableColumnType } from 'antd';
import { useMemo, useState } from 'react';
import { devices, useDirectory } from '../api/directory.ts';
import { exported } from '../api/files.ts';
import { number, time, useWords } from '../language/wording.ts';
import { EnrolDialog } from '../enrolment/enrol-dialog.tsx';
import { mayBeInvited } from '../enrolment/invitation.ts';
import { Choice } from '../records/filters.tsx';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { Moment } from '../words/moment.tsx';
import { Lines } from '../words/lines.tsx';
import { List } from '../words/list.tsx';
import { Backlog, Skew } from './condition.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';
import {
  compareVersions,
  holdsUnsent,
  readDeviceSearch,
  STATUSES,
  statusOf,
  versionsOf,
  type Device,
  type DeviceSearch,
} from './search.ts';
import { WipeDialog } from './wipe-dialog.tsx';

export function DevicesPage() {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/devices' });
  const navigate = useNavigate({ from: '/devices' });
  const query = useQuery(devices);
  const directory = useDirectory();
  const offices = new Map(directory.people.map((person) => [person.id, person.office]));
  const powers = usePowers();
  const [enrolling, setEnrolling] = useState(false);
  const invitee = directory.people.find((person) => person.id === search.person && mayBeInvited(person));
  const show = (change: Partial<DeviceSearch>) =>
    void navigate({ search: readDeviceSearch({ ...search, device: undefined, ...change }) });
  const matches = (device: Device) =>
    (!search.device || device.id === search.device) &&
    (!search.person || device.person === search.person) &&
    (!search.office || offices.get(device.person) === search.office) &&
    (!search.status || statusOf(device) === search.status) &&
    (!search.app || device.app === search.app) &&
    (!search.unsent || holdsUnsent(device));
  return (
    <>
      <PageHead
        title={search.person ? t('devices.of', { name: directory.person(search.person) ?? '' }) : t('devices.title')}
        end={
          <>
            {powers.invite && <Button onClick={() => setEnrolling(true)}>{t('enrol.action')}</Button>}
            <ExportButton name={t('devices.title')} list={exported('/api/v1/devices/export', { query: search })} />
            <Button onClick={() => void query.refetch()} loading={query.isFetching}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <div className="filters">
        {directory.offices.length > 1 && (
          <Choice
            label={t('people.office')}
            value={search.office}
            options={directory.offices.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(office) => show({ office })}
          />
        )}
        <Choice
          label={t('devices.person')}
          value={search.person}
          options={directory.people.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(person) => show({ person })}
          wide
        />
        <Choice
          label={t('devices.anyState')}
          value={search.status}
          options={STATUSES.map((value) => ({ value, label: t(`devices.status.${value}`) }))}
          onChange={(status) => show({ status })}
          wide
        />
        <Choice
          label={t('devices.anyApp')}
          value={search.app}
          options={versionsOf(query.data ?? []).map((value) => ({ value, label: value }))}
          onChange={(app) => show({ app })}
          wide
        />
        <Checkbox
          checked={search.unsent ?? false}
          onChange={(event) => show({ unsent: event.target.checked || undefined })}
        >
          {t('devices.withUnsent')}
        </Checkbox>
        {Object.keys(search).length > 0 && (
          <Button type="link" onClick={() => void navigate({ search: {} })}>
            {t('records.reset')}
          </Button>
        )}
      </div>
      {enrolling && <EnrolDialog person={invitee} onClose={() => setEnrolling(false)} />}
      <Fetched query={query}>{(devices) => <DeviceTable devices={devices.filter(matches)} />}</Fetched>
    </>
  );
}

function DeviceTable({ devices }: { devices: Device[] }) {
  const { t } = useWords();
  const powers = usePowers();
  const directory = useDirectory();
  const [asking, setAsking] = useState<{ act: 'revoke' | 'wipe'; device: Device }>();
  const close = () => setAsking(undefined);
  const columns = useMemo(() => {
    const offices = new Map(directory.people.map((person) => [person.id, person.office]));
    const zoneOf = (device: Device) => directory.zone(offices.get(device.person));
    const columns: TableColumnType<Device>[] = [
      {
        key: 'phone',
        title: t('devices.phone'),
        width: 170,
        className: 'wide-short',
        render: (_, device) => <span className="wrap">{device.label}</span>,
      },
      {
        key: 'person',
        title: t('devices.person'),
        width: 120,
        sorter: (a, b) => (directory.person(a.person) ?? '').localeCompare(directory.person(b.person) ?? ''),
        render: (_, device) => (
          <Link to="/people" search={{ text: directory.person(device.person), everybody: true }}>
            {directory.person(device.person) ?? t('common.unknown')}
          </Link>
        ),
      },
      { key: 'state', title: t('devices.state'), width: 130, render: (_, device) => <StatusMark device={device} /> },
      {
        key: 'exchange',
        title: t('devices.lastExchange'),
        width: 140,
        sorter: (a, b) => (a.last_exchange_at ?? 0) - (b.last_exchange_at ?? 0),
        render: (_, device) =>
          device.last_exchange_at == null ? (
            <span className="none">{t('devices.never')}</span>
          ) : (
            <Moment at={device.last_exchange_at} zone={zoneOf(device)} />
          ),
      },
      {
        key: 'unsent',
        title: t('devices.unsent'),
        width: 130,
        sorter: (a, b) => a.unsent.changes + a.unsent.photos - b.unsent.changes - b.unsent.photos,
        render: (_, device) => <Backlog device={device} zone={zoneOf(device)} />,
      },
      {
        key: 'skew',
        title: t('devices.skew'),
        width: 90,
        align: 'right',
        sorter: (a, b) => Math.abs(a.skew_ms ?? 0) - Math.abs(b.skew_ms ?? 0),
        render: (_, device) => <Skew device={device} />,
      },
      {
        key: 'journal',
        title: t('devices.journal'),
        width: 70,
        align: 'right',
        render: (_, device) => number(device.journal_n),
      },
      {
        key: 'app',
        title: t('devices.app'),
        width: 100,
        className: 'wide-short',
        sorter: (a, b) => compareVersions(a.app, b.app),
        render: (_, device) => <span className="small">{device.app}</span>,
      },
    ];
    if (powers.cutOff) {
      columns.push({
        key: 'actions',
        title: t('common.actions'),
        className: 'short',
        render: (_, device) => {
          const status = statusOf(device);
          return (
            <Space size={4}>
              <Button
                size="small"
                disabled={status !== 'active'}
                onClick={() => setAsking({ act: 'revoke', device })}
                aria-label={`${t('devices.revoke')}: ${device.label}`}
              >
                {t('devices.revoke')}
              </Button>
              <Button
                size="small"
                danger
                disabled={status === 'wiping' || status === 'wiped'}
                onClick={() => setAsking({ act: 'wipe', device })}
                aria-label={`${t('devices.wipe')}: ${device.label}`}
              >
                {t('devices.wipe')}
              </Button>
            </Space>
          );
        },
      });
    }
    return columns;
  }, [t, directory, powers]);
  return (
    <List label={t('devices.title')}>
      <Lines
        rowKey="id"
        lines={devices}
        columns={columns}
        atOnce={50}
        empty={t('devices.empty')}
        hint={t('devices.emptyHint')}
      />
      {asking?.act === 'revoke' && <RevokeDialog device={asking.device} onClose={close} />}
      {asking?.act === 'wipe' && <WipeDialog device={asking.device} onClose={close} />}
    </List>
  );
}

function StatusMark({ device }: { device: Device }) {
  const { t } = useWords();
  const status = statusOf(device);
  const at = device.wiped_at ?? device.wipe_ordered_at ?? device.revoked_at;
  return (
    <span className="marks" title={at == null ? undefined : time(at)}>
      <span className={`mark mark-${status === 'active' ? 'active' : status === 'wiped' ? 'off' : 'rejected'}`}>
        {t(`devices.status.${status}`)}
      </span>
      {device.forked_at != null && <span className="mark mark-flag">{t('devices.status.forked')}</span>}
    </span>
  );
}
