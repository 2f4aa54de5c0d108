import { Alert, Form, Modal, Select } from 'antd';
import { useState } from 'react';
import type { Body } from '../api/client.ts';
import { useDirectory } from '../api/directory.ts';
import { useWords } from '../language/wording.ts';

interface Props {
  sending: boolean;
  onSend: (to: Body['AssignmentBody']) => void;
  onClose: () => void;
}

/** Asks to whom records go: an owner, a team or an office. */
export function AssignDialog({ sending, onSend, onClose }: Props) {
  const { t } = useWords();
  const { offices, teams, people, office } = useDirectory();
  const [to, setTo] = useState<Body['AssignmentBody']>({});
  const [missing, setMissing] = useState(false);
  const owners = people.filter((person) => person.active && (person.role === 'promoter' || person.role === 'supervisor'));
  const change = (change: Body['AssignmentBody']) => {
    setMissing(false);
    setTo(change);
  };
  const send = () => (to.owner || to.team || to.office ? onSend(to) : setMissing(true));
  const choice = (
    value: string | null | undefined,
    onChange: (id: string | undefined) => void,
    options: { value: string; label: string }[],
    id: string,
  ) => (
    <Select
      id={id}
      value={value}
      onChange={onChange}
      options={options}
      allowClear={{ label: t('common.clear') }}
      showSearch={{ optionFilterProp: 'label' }}
    />
  );
  return (
    <Modal
      open
      title={t('record.assignTitle')}
      okText={t('record.assign')}
      onOk={send}
      confirmLoading={sending}
      onCancel={onClose}
    >
      <p className="quiet">{t('record.assignLead')}</p>
      {missing && <Alert type="warning" showIcon title={t('record.assignNobody')} role="alert" />}
      <Form layout="vertical">
        <Form.Item label={t('people.handOverTo')} htmlFor="assign-owner">
          {choice(
            to.owner,
            (owner) => change({ owner }),
            owners.map((person) => ({ value: person.id, label: `${person.name} · ${office(person.office) ?? ''}` })),
            'assign-owner',
          )}
        </Form.Item>
        <Form.Item label={t('records.filter.team')} htmlFor="assign-team">
          {choice(
            to.team,
            (team) => change({ team }),
            teams.map((team) => ({ value: team.id, label: `${team.name} · ${office(team.office) ?? ''}` })),
            'assign-team',
          )}
        </Form.Item>
        <Form.Item label={t('records.filter.office')} htmlFor="assign-office">
          {choice(
            to.office,
            (office) => change({ office }),
            offices.map((office) => ({ value: office.id, label: office.name })),
            'assign-office',
          )}
        </Form.Item>
      </Form>
    </Modal>
  );
}
