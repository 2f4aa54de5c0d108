import { Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { useWords } from '../language/wording.ts';
import { focusOn } from './focus.ts';
import { useOnce } from './once.ts';

interface Props {
  title: string;
  /** What becomes of the reason. */
  hint: string;
  /** More about what is done. */
  lead?: string;
  /** What it is done to, as it stands now. */
  contents?: string;
  action: string;
  danger?: boolean;
  sending?: boolean;
  /** How long the reason may be, in characters. */
  longest?: number;
  onSend: (reason: string) => void;
  onClose: () => void;
}

/** Asks why. Ctrl and Enter send, Escape closes. */
export function ReasonDialog({
  title,
  hint,
  lead,
  contents,
  action,
  danger = false,
  sending = false,
  longest = 2000,
  onSend,
  onClose,
}: Props) {
  const { t } = useWords();
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const once = useOnce(sending);
  const send = () => (reason.trim() ? once(() => onSend(reason.trim())) : setMissing(true));
  return (
    <Modal
      open
      title={title}
      okText={action}
      okButtonProps={{ danger }}
      confirmLoading={sending}
      onOk={send}
      onCancel={onClose}
      afterOpenChange={focusOn('reason')}
      destroyOnHidden
    >
      {lead && <p>{lead}</p>}
      {contents && (
        <p className="number" role="status">
          {contents}
        </p>
      )}
      <Form layout="vertical">
        <Form.Item
          label={t('common.reason')}
          htmlFor="reason"
          extra={hint}
          validateStatus={missing ? 'error' : undefined}
          help={missing ? t('common.reasonMissing') : undefined}
        >
          <Input.TextArea
            id="reason"
            rows={3}
            maxLength={longest}
            value={reason}
            aria-invalid={missing}
            onChange={(event) => {
              setReason(event.target.value);
              setMissing(false);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send();
            }}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}
