import { DownloadOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Modal } from 'antd';
import { useState } from 'react';
import { exportRecords, FORMS, type FileForm } from '../api/files.ts';
import { recordCount, type RecordFilter } from '../api/records.ts';
import { useDirectory } from '../api/directory.ts';
import { dayIn } from '../days/business-day.ts';
import { number, useWords } from '../language/wording.ts';
import { useMe } from '../session/session.ts';
import { FileDialog } from '../words/file-dialog.tsx';

/** Takes all records of the list away as a file, those of its other pages too. */
export function ExportButton({ filter }: { filter: RecordFilter }) {
  const { t } = useWords();
  const [step, setStep] = useState<'asking' | FileForm>();
  const close = () => setStep(undefined);
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => setStep('asking')}>
        {t('files.export')}
      </Button>
      {step === 'asking' && <FormDialog filter={filter} onChoose={setStep} onClose={close} />}
      {step && step !== 'asking' && <SavingDialog filter={filter} form={step} onClose={close} />}
    </>
  );
}

function FormDialog({ filter, onChoose, onClose }: { filter: RecordFilter; onChoose: (form: FileForm) => void; onClose: () => void }) {
  const { t } = useWords();
  return (
    <Modal
      open
      title={t('files.exportRecords')}
      onCancel={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          {FORMS.map((form) => (
            <Button key={form} type="primary" onClick={() => onChoose(form)}>
              {t(`files.${form}`)}
            </Button>
          ))}
        </>
      }
    >
      <p className="number">{useCounted(filter)}</p>
      <p className="quiet">{t('files.lead')}</p>
    </Modal>
  );
}

/** How many records the file will have, once that is known. */
function useCounted(filter: RecordFilter): string {
  const { t } = useWords();
  const count = useQuery(recordCount(filter)).data?.count;
  return count === undefined ? '' : t('files.records', { count, shown: number(count) });
}

function SavingDialog({ filter, form, onClose }: { filter: RecordFilter; form: FileForm; onClose: () => void }) {
  const { t, language } = useWords();
  const { message } = App.useApp();
  const today = dayIn(useDirectory().zone(useMe().office), Date.now());
  const name = `${t('records.title')}_${today}.${form}`;
  return (
    <FileDialog
      title={t('files.exportTitle', { form: t(`files.${form}`) })}
      lead={useCounted(filter)}
      name={name}
      begin={(signal) => exportRecords(filter, form, language, signal)}
      onClose={(saved) => {
        if (saved) message.success(t('files.saved', { name }));
        onClose();
      }}
    />
  );
}
