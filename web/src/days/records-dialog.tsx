import { Button, Modal } from 'antd';
import type { ReactNode } from 'react';
import type { Exported } from '../api/files.ts';
import { useWords } from '../language/wording.ts';
import { ExportButton } from '../words/export.tsx';

interface Props {
  /** What is counted; a file of it is called so too. */
  title: string;
  /** All of the records as a file, where there is one. */
  list?: Exported;
  onClose: () => void;
  children: ReactNode;
}

/** An answer can be a page long; the name of a file can't. */
const LONGEST_FILE_NAME = 80;

/** The records behind a figure. */
export function RecordsDialog({ title, list, onClose, children }: Props) {
  const { t } = useWords();
  return (
    <Modal
      open
      width={640}
      title={title}
      onCancel={onClose}
      footer={
        <>
          {list && <ExportButton name={title.slice(0, LONGEST_FILE_NAME)} list={list} />}
          <Button onClick={onClose}>{t('common.close')}</Button>
        </>
      }
    >
      {children}
    </Modal>
  );
}
