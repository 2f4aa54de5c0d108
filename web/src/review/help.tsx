import { Modal } from 'antd';
import { useWords } from '../language/wording.ts';
import { KEYS, type Command } from './keys.ts';

/** What the keys do. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  return (
    <Modal open title={t('review.help.title')} footer={null} onCancel={onClose} width={420}>
      <dl className="keys-help">
        {(Object.keys(KEYS) as Command[]).map((command) => (
          <Key key={command} name={KEYS[command]} does={t(`review.help.${command}`)} />
        ))}
        <Key name="Ctrl Enter" does={t('review.help.send')} />
        <Key name="Esc" does={t('review.help.escape')} />
      </dl>
    </Modal>
  );
}

function Key({ name, does }: { name: string; does: string }) {
  return (
    <>
      <dt>
        <kbd>{name}</kbd>
      </dt>
      <dd>{does}</dd>
    </>
  );
}
