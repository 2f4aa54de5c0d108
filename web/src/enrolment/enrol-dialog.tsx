import { PrinterOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Button, Modal, QRCode, Typography } from 'antd';
import { useEffect, useState } from 'react';
import type { Body } from '../api/client.ts';
import { useDirectory } from '../api/directory.ts';
import { inviteDevice } from '../api/staff.ts';
import { stretch, time, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { invitationAddress, remaining } from './invitation.ts';
import './enrol.css';

type Person = Body['PersonBody'];

/** Until then seconds that count down say nothing. */
const TWO_DAYS = 2 * 86_400_000;

/** Has one phone of a person enrolled: a code is issued, shown this once, and good for a while. */
export function EnrolDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useWords();
  const notice = useProblemNotice();
  const issue = useMutation({ mutationFn: () => inviteDevice(person.id), onError: notice });
  return (
    <Modal
      open
      title={t('enrol.title', { name: person.name })}
      footer={
        <>
          {issue.data && (
            <Button icon={<PrinterOutlined />} onClick={() => print()}>
              {t('enrol.print')}
            </Button>
          )}
          <Button type={issue.data ? 'default' : 'primary'} loading={issue.isPending} onClick={() => issue.mutate()}>
            {t(issue.data ? 'enrol.another' : 'enrol.issue')}
          </Button>
          <Button onClick={onClose}>{t('common.close')}</Button>
        </>
      }
      onCancel={onClose}
    >
      {issue.data ? <Invitation key={issue.data.code} person={person} issued={issue.data} /> : <p>{t('enrol.lead')}</p>}
    </Modal>
  );
}

function Invitation({ person, issued }: { person: Person; issued: Body['InvitationBody'] }) {
  const { t } = useWords();
  const zone = useDirectory().zone(person.office);
  const now = useNow(1_000);
  const left = remaining(issued.expires_at, now);
  const until = issued.expires_at - now;
  return (
    <div className="invitation">
      <p className="invitation-who">{person.name}</p>
      <div data-testid="invitation-qr">
        <QRCode
          aria-label={t('enrol.qr')}
          value={invitationAddress(location.origin, issued.code)}
          type="svg"
          size={232}
          errorLevel="M"
          bordered={false}
          color="#000"
          bgColor="#fff"
          status={left ? 'active' : 'expired'}
        />
      </div>
      <p>{t('enrol.scan')}</p>
      <dl className="facts">
        <dt>{t('enrol.server')}</dt>
        <dd className="identifier">{location.origin}</dd>
        <dt>{t('enrol.code')}</dt>
        <dd>
          <Typography.Text code copyable={{ text: issued.code, tooltips: [t('common.copy'), t('common.copied')] }}>
            {issued.code}
          </Typography.Text>
        </dd>
        <dt>{t('enrol.expires')}</dt>
        <dd className="number">
          {time(issued.expires_at, zone)}{' '}
          <span role="timer" className="invitation-left">
            {left ? t('enrol.left', { left: until > TWO_DAYS ? stretch(until) : left }) : t('enrol.expired')}
          </span>
        </dd>
      </dl>
      <p className="small quiet">{t('enrol.once')}</p>
    </div>
  );
}

/** What time it is, again and again. */
function useNow(every: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(clock);
  }, [every]);
  return now;
}
