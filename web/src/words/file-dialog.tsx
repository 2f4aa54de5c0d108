import { Modal, Progress } from 'antd';
import { useEffect, useEffectEvent, useState } from 'react';
import { gather, type Pieces } from '../api/files.ts';
import { size, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { saveFile } from '../shell/save-file.ts';

interface Props {
  title: string;
  /** What will be in it. */
  lead?: string;
  /** What it is to be called. */
  name: string;
  /** Asks for the file. */
  begin: (signal: AbortSignal) => Promise<Pieces>;
  /** Whether it came whole. */
  onClose: (saved: boolean) => void;
}

/** Fetches a file that the server makes meanwhile, and saves it once it is whole; closing gives it up. */
export function FileDialog({ title, lead, name, begin, onClose }: Props) {
  const { t } = useWords();
  const notice = useProblemNotice();
  const [received, setReceived] = useState(0);
  const fetchFile = useEffectEvent(async (signal: AbortSignal) => {
    try {
      const file = await gather(await begin(signal), setReceived);
      if (signal.aborted) return;
      saveFile(name, file);
      onClose(true);
    } catch (error) {
      if (signal.aborted) return;
      notice(error);
      onClose(false);
    }
  });
  useEffect(() => {
    const control = new AbortController();
    void fetchFile(control.signal);
    return () => control.abort();
  }, []);
  return (
    <Modal
      open
      title={title}
      mask={{ closable: false }}
      okButtonProps={{ hidden: true }}
      cancelText={t('common.cancel')}
      onCancel={() => onClose(false)}
    >
      {lead && <p>{lead}</p>}
      <p role="status" className="number">
        {received === 0 ? t('files.preparing') : t('files.received', { size: size(received) })}
      </p>
      {/* How long the file will be nobody knows: it is made while it is sent. */}
      <Progress percent={100} status="active" showInfo={false} aria-label={title} />
    </Modal>
  );
}
