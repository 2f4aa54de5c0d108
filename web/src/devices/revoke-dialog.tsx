import { Modal } from 'antd';
import { revokeDevice } from '../api/staff.ts';
import { useDirectory } from '../api/directory.ts';
import { useWords } from '../language/wording.ts';
import { useCutOff } from './cut-off.ts';
import type { Device } from './search.ts';

/** Asks before a phone is cut off. */
export function RevokeDialog({ device, onClose }: { device: Device; onClose: () => void }) {
  const { t } = useWords();
  const person = useDirectory().person(device.person);
  const revoke = useCutOff(() => revokeDevice(device.id), t('devices.revoked'), onClose);
  return (
    <Modal
      open
      title={t('devices.revokeTitle')}
      okText={t('devices.revoke')}
      okButtonProps={{ danger: true }}
      confirmLoading={revoke.isPending}
      onOk={() => revoke.mutate(undefined)}
      onCancel={onClose}
    >
      <p>
        <strong>{device.label}</strong> <span className="quiet">{person}</span>
      </p>
      <p>{t('devices.revokeLead')}</p>
      {device.unsent.changes > 0 && <p>{t('devices.unsentChanges', { count: device.unsent.changes })}</p>}
    </Modal>
  );
}
