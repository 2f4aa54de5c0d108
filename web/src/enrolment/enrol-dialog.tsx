import { PrinterOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Button, Form, Modal, QRCode, Select, Typography } from 'antd';
import { useEffect, useState } from 'react';
import type { Body } from '../api/client.ts';
import { useDirectory } from '../api/directory.ts';
import { inviteDevice } from '../api/staff.ts';
import { stretch, time, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { focusOn } from '../words/focus.ts';
import { invitationAddress, mayBeInvited, remaining } from './invitation.ts';
import './enrol.css';

type Person = Body['PersonBody'];

/** Until then seconds that count down say nothing. */
const TWO_DAYS = 2 * 86_400_000;

interface Props {
  /** Whose phone; left out where it is to be chosen first. */
  person?: Person;
  onClose: () => void;
}

/** Has one phone of a person enrolled: a code is issued, shown this once, and good for a while. */
export function EnrolDialog({ person: known, onClose }: Props) {
  const { t } = useWords();
  const notice = useProblemNotice();
  const [chosen, setChosen] = useState<Person>();
  const [missing, setMissing] = useState(false);
  const issue = useMutation({ mutationFn: ({ id }: Person) => inviteDevice(id), onError: notice });
  const person = known ?? chosen;
  return (
    <Modal
      open
      title={person ? t('enrol.title', { name: person.name }) : t('enrol.action')}
      footer={
        <>
          {issue.data && (
            <Button icon={<PrinterOutlined />} onClick={() => print()}>
              {t('enrol.print')}
            </Button>
          )}
          <Button
            type={issue.data ? 'default' : 'primary'}
            loading={issue.isPending}
            onClick={() => (person ? issue.mutate(person) : setMissing(true))}
          >
            {t(issue.data ? 'enrol.another' : 'enrol.issue')}
          </Button>
          <Button onClick={onClose}>{t('common.close')}</Button>
        </>
      }
      onCancel={onClose}
      afterOpenChange={known ? undefined : focusOn('invitee')}
    >
      {person && issue.data ? (
        <Invitation key={issue.data.code} person={person} issued={issue.data} />
      ) : (
        <>
          {!known && <Invitee chosen={chosen} missing={missing} disabled={issue.isPending} onChoose={setChosen} />}
          <p>{t('enrol.lead')}</p>
        </>
      )}
    </Modal>
  );
}

interface InviteeProps {
  chosen: Person | undefined;
  /** Whether somebody tried to go on without. */
  missing: boolean;
  disabled: boolean;
  onChoose: (person: Person | undefined) => void;
}

/** Asks whose phone it is. */
function Invitee({ chosen, missing, disabled, onChoose }: InviteeProps) {
  const { t } = useWords();
  const { people, office } = useDirectory();
  const blank = missing && !chosen;
  return (
    <Form layout="vertical">
      <Form.Item
        label={t('devices.person')}
        htmlFor="invitee"
        validateStatus={blank ? 'error' : undefined}
        help={blank ? t('enrol.nobody') : undefined}
      >
        <Select
          id="invitee"
          value={chosen?.id}
          disabled={disabled}
          onChange={(id: string) => onChoose(people.find((person) => person.id === id))}
          showSearch={{ optionFilterProp: 'label' }}
          options={people.filter(mayBeInvited).map(({ id, name, office: at }) => ({ value: id, label: `${name} · ${office(at) ?? ''}` }))}
        />
      </Form.Item>
    </Form>
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
