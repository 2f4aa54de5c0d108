import { CheckOutlined, CloseOutlined, RollbackOutlined } from '@ant-design/icons';
import { App, Button, Space } from 'antd';
import { useCallback, useState } from 'react';
import { nameOf, type Detail, type ReviewState } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { ReasonDialog } from '../words/reason-dialog.tsx';

export interface Decision {
  state: ReviewState;
  reason?: string;
}

/** Asks what has to be asked before a verdict is given: a reason, or whether concurrent values are meant. */
export function useVerdict(detail: Detail, give: (decision: Decision) => void) {
  const { t } = useWords();
  const { modal } = App.useApp();
  const [asking, setAsking] = useState<'returned' | 'rejected'>();
  const conflicts = detail.line.conflicts;
  const decide = useCallback(
    (state: ReviewState) => {
      if (state === 'returned' || state === 'rejected') return setAsking(state);
      if (state === 'received' || conflicts === 0) return give({ state });
      return void modal.confirm({
        title: t('record.approveTitle'),
        content: t('record.approveConflicts', { count: conflicts }),
        okText: t('record.approve'),
        onOk: () => give({ state }),
      });
    },
    [conflicts, give, modal, t],
  );
  const title = nameOf(detail.line);
  const dialog = asking && (
    <ReasonDialog
      title={t(asking === 'returned' ? 'record.returnTitle' : 'record.rejectTitle', { title })}
      hint={t('common.reasonHint')}
      action={t(asking === 'returned' ? 'record.return' : 'record.reject')}
      danger={asking === 'rejected'}
      onClose={() => setAsking(undefined)}
      onSend={(reason) => {
        setAsking(undefined);
        give({ state: asking, reason });
      }}
    />
  );
  return { decide, dialog, asking: asking !== undefined };
}

interface Props {
  state: ReviewState;
  disabled: boolean;
  sending?: boolean;
  /** Shows which key does the same. */
  keys?: boolean;
  onDecide: (state: ReviewState) => void;
}

/** What may be decided about a record in its state. */
export function VerdictButtons({ state, disabled, sending = false, keys = false, onDecide }: Props) {
  const { t } = useWords();
  const key = (name: string) => keys && <kbd aria-hidden>{name}</kbd>;
  if (state === 'approved' || state === 'rejected') {
    return (
      <Button disabled={disabled} loading={sending} onClick={() => onDecide('received')}>
        {t('record.reopen')}
      </Button>
    );
  }
  return (
    <Space size={8}>
      <Button
        type="primary"
        icon={<CheckOutlined />}
        disabled={disabled}
        loading={sending}
        onClick={() => onDecide('approved')}
      >
        {t('record.approve')} {key('a')}
      </Button>
      <Button icon={<RollbackOutlined />} disabled={disabled || sending} onClick={() => onDecide('returned')}>
        {t('record.return')} {key('r')}
      </Button>
      <Button danger icon={<CloseOutlined />} disabled={disabled || sending} onClick={() => onDecide('rejected')}>
        {t('record.reject')} {key('x')}
      </Button>
    </Space>
  );
}
