import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { AutoComplete, DatePicker, Form, Input, Modal, Radio } from 'antd';
import type { Dayjs } from 'dayjs';
import { useState } from 'react';
import { consultants } from '../api/arrivals.ts';
import type { Body } from '../api/client.ts';
import { nameOf, type Line } from '../api/records.ts';
import { momentIn } from '../days/business-day.ts';
import { useWords } from '../language/wording.ts';
import { LONGEST_NAME } from '../rota/rota.ts';
import { Lacking } from '../shell/states.tsx';
import { focusOn } from '../words/focus.ts';

interface Props {
  line: Line;
  /** The office's: the time is meant by its clocks. */
  zone?: string;
  sending: boolean;
  onSend: (arrival: Body['ArrivalBody']) => void;
  onClose: () => void;
}

/** Asks when a customer came and for whom they asked. */
export function ArrivalDialog({ line, zone, sending, onSend, onClose }: Props) {
  const { t } = useWords();
  const asked = useQuery(consultants(line.office));
  const rota = asked.data;
  const [at, setAt] = useState<Dayjs | null>(null);
  const [named, setNamed] = useState(false);
  const [consultant, setConsultant] = useState('');
  const [slip, setSlip] = useState('');
  const [checked, setChecked] = useState(false);
  const nobody = checked && named && consultant.trim() === '';
  const send = () => {
    setChecked(true);
    if (named && consultant.trim() === '') return;
    onSend({
      at: at ? momentIn(zone, at.format('YYYY-MM-DDTHH:mm')) : undefined,
      consultant: named ? consultant.trim() : undefined,
      confirmation_slip: slip.trim() || undefined,
    });
  };
  return (
    <Modal
      open
      title={t('arrival.noteTitle', { title: nameOf(line) })}
      okText={t('arrival.save')}
      confirmLoading={sending}
      onOk={send}
      onCancel={onClose}
      afterOpenChange={focusOn('arrival-at')}
    >
      <Form layout="vertical" component={false}>
        <Form.Item label={t('arrival.at')} htmlFor="arrival-at">
          <DatePicker
            id="arrival-at"
            className="full"
            showTime={{ format: 'HH:mm' }}
            // The picker's "now" is the browser's.
            showNow={false}
            format="YYYY-MM-DD HH:mm"
            placeholder={t('arrival.now')}
            value={at}
            onChange={setAt}
          />
        </Form.Item>
        <Form.Item label={t('arrival.receiver')}>
          <Radio.Group
            vertical
            aria-label={t('arrival.receiver')}
            value={named}
            onChange={(event) => setNamed(event.target.value as boolean)}
            options={[
              { value: false, label: t('arrival.turn') },
              { value: true, label: t('arrival.named') },
            ]}
          />
          <Lacking what={t('rota.title')} queries={[asked]} />
          {!named && rota?.length === 0 && (
            <p className="quiet">
              {t('arrival.turnNobody')}{' '}
              <Link to="/rota" search={{ office: line.office }}>
                {t('arrival.toRota')}
              </Link>
            </p>
          )}
        </Form.Item>
        {named && (
          <Form.Item
            label={t('arrival.consultant')}
            htmlFor="arrival-consultant"
            validateStatus={nobody ? 'error' : undefined}
            help={nobody ? t('arrival.consultantMissing') : undefined}
          >
            <AutoComplete
              id="arrival-consultant"
              className="full"
              value={consultant}
              onChange={setConsultant}
              options={rota?.map((name) => ({ value: name }))}
              showSearch={{ filterOption: (typed, option) => String(option?.value ?? '').includes(typed) }}
              defaultActiveFirstOption={false}
            >
              <Input aria-invalid={nobody} maxLength={LONGEST_NAME} />
            </AutoComplete>
          </Form.Item>
        )}
        <Form.Item label={t('arrival.slip')} htmlFor="arrival-slip">
          <Input id="arrival-slip" value={slip} maxLength={LONGEST_NAME} onChange={(event) => setSlip(event.target.value)} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
