import { Alert, Checkbox, Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { useDirectory } from '../api/directory.ts';
import { wipeDevice } from '../api/staff.ts';
import { useWords } from '../language/wording.ts';
import { useCutOff } from './cut-off.ts';
import type { Device } from './search.ts';

/** Asks before a phone is wiped. Its name has to be typed, because nothing brings back what only it had. */
export function WipeDialog({ device, onClose }: { device: Device; onClose: () => void }) {
  const { t } = useWords();
  const person = useDirectory().person(device.person);
  const [typed, setTyped] = useState('');
  const [atOnce, setAtOnce] = useState(false);
  const wipe = useCutOff(() => wipeDevice(device.id, atOnce), t('devices.wiped'), onClose);
  const confirmed = typed.trim() === device.label.trim();
  return (
    <Modal
      open
      title={t('devices.wipeTitle')}
      okText={t('devices.wipe')}
      okButtonProps={{ danger: true, disabled: !confirmed }}
      confirmLoading={wipe.isPending}
      onOk={() => wipe.mutate(undefined)}
      onCancel={onClose}
    >
      <p>
        <strong>{device.label}</strong> <span className="quiet">{person}</span>
      </p>
      <p>{t('devices.wipeLead')}</p>
      {device.unsent.changes > 0 && <p>{t('devices.wipeUnsent', { count: device.unsent.changes })}</p>}
      <Form layout="vertical">
        <Form.Item>
          <Checkbox checked={atOnce} onChange={(event) => setAtOnce(event.target.checked)}>
            {t('devices.atOnce')}
          </Checkbox>
        </Form.Item>
        {atOnce && <Alert type="warning" showIcon title={t('devices.atOnceRisk')} className="noted" />}
        <Form.Item label={t('devices.typeLabel', { label: device.label })} htmlFor="wipe-label">
          <Input id="wipe-label" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
