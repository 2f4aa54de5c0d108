import { Modal, Progress } from 'antd';
import { useEffect, useEffectEvent, useState, type ReactNode } from 'react';
import { gather, type Arriving, type Received } from '../api/files.ts';
import { number, size, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { saveFile } from '../shell/save-file.ts';

interface Props {
  title: string;
  /** What will be in it. */
  lead?: ReactNode;
  /** What it is to be called. */
  name: string;
  /** Asks for the file. */
  begin: (signal: AbortSignal) => Promise<Arriving>;
  /** Whether it came whole. */
  onClose: (saved: boolean) => void;
}

/** Fetches a file that the server makes meanwhile, and saves it once it is whole; closing gives it up. */
export function FileDialog({ title, lead, name, begin, onClose }: Props) {
  const { t } = useWords();
  const notice = useProblemNotice();
  const [rows, setRows] = useState<number>();
  const [{ bytes, written }, setReceived] = useState<Received>({ bytes: 0 });
  const fetchFile = useEffectEvent(async (signal: AbortSignal) => {
    try {
      const arriving = await begin(signal);
      setRows(arriving.rows);
      const file = await gather(arriving, setReceived);
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
  const done = rows && written !== undefined ? Math.min(written, rows) : undefined;
  return (
    <Modal
      open
      title={title}
      mask={{ closable: false }}
      okButtonProps={{ hidden: true }}
      cancelText={t('common.cancel')}
      onCancel={() => onClose(false)}
    >
      {lead && <p className="number">{lead}</p>}
      <p role="status" className="number">
        {stands()}
      </p>
      {done !== undefined && rows !== undefined ? (
        <Progress percent={Math.floor((done / rows) * 100)} status="active" aria-label={title} />
      ) : (
        // Some lists nobody has counted.
        <Progress percent={100} status="active" showInfo={false} aria-label={title} />
      )}
    </Modal>
  );
  function stands(): string {
    if (done !== undefined && rows !== undefined) {
      const amount = { done: number(done), all: number(rows) };
      if (bytes > 0) return t('files.rowsOf', { ...amount, size: size(bytes) });
      // A spreadsheet comes only when its last row is written and all of it is packed.
      return done < rows ? t('files.rowsWritten', amount) : t('files.rowsPacked', amount);
    }
    if (bytes > 0) return t('files.received', { size: size(bytes) });
    if (written) return t('files.rowsSoFar', { count: written, shown: number(written) });
    return rows === undefined ? t('files.preparing') : t('files.preparingRows', { count: rows, shown: number(rows) });
  }
}
