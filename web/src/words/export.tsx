import { DownloadOutlined } from '@ant-design/icons';
import { App, Button, Modal } from 'antd';
import { useState, type ReactNode } from 'react';
import { FORMS, type Exported, type FileForm } from '../api/files.ts';
import { useDirectory } from '../api/directory.ts';
import { dayIn } from '../days/business-day.ts';
import { useWords } from '../language/wording.ts';
import { useMe } from '../session/session.ts';
import { FileDialog } from './file-dialog.tsx';

interface Props {
  /** What the file is to be called, before its day. */
  name: string;
  list: Exported;
  /** How much is in the list, where a page can tell before the file is begun. */
  amount?: ReactNode;
}

/** Takes a list away as a file: everything that its filter finds, what is on its other pages too. */
export function ExportButton(props: Props) {
  const { t } = useWords();
  const [step, setStep] = useState<'asking' | FileForm>();
  const close = () => setStep(undefined);
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => setStep('asking')}>
        {t('files.export')}
      </Button>
      {step === 'asking' && <FormDialog amount={props.amount} onChoose={setStep} onClose={close} />}
      {step && step !== 'asking' && <SavingDialog {...props} form={step} onClose={close} />}
    </>
  );
}

interface FormProps extends Pick<Props, 'amount'> {
  onChoose: (form: FileForm) => void;
  onClose: () => void;
}

function FormDialog({ amount, onChoose, onClose }: FormProps) {
  const { t } = useWords();
  return (
    <Modal
      open
      title={t('files.exportList')}
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
      {amount && <p className="number">{amount}</p>}
      <p className="quiet">{t('files.lead')}</p>
    </Modal>
  );
}

function SavingDialog({ name, list, amount, form, onClose }: Props & { form: FileForm; onClose: () => void }) {
  const { t, language } = useWords();
  const { message } = App.useApp();
  const today = dayIn(useDirectory().zone(useMe().office), Date.now());
  const file = `${name}_${today}.${form}`;
  return (
    <FileDialog
      title={t('files.exportTitle', { form: t(`files.${form}`) })}
      lead={amount}
      name={file}
      begin={(signal) => list(form, language, signal)}
      onClose={(saved) => {
        if (saved) message.success(t('files.saved', { name: file }));
        onClose();
      }}
    />
  );
}
