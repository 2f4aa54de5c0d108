import { Checkbox, DatePicker, Form, Input, InputNumber, Modal, Select } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { momentIn, wallIn } from '../days/business-day.ts';
import { term, termsOf, useWords } from '../language/wording.ts';
import { focusOn } from '../words/focus.ts';
import { splitPath, type Sort } from './fields.ts';
import type { Scalar } from './shape.ts';

interface Props {
  path: string;
  sort: Sort;
  value: Scalar;
  /** The office's: moments are meant by its clocks. */
  zone?: string;
  onWrite: (value: Scalar) => void;
  onClose: () => void;
}

/** Whether the console offers to write a field of this sort. Places and references are the phones' business. */
export function isWritable(sort: Sort): boolean {
  return !['place', 'record', 'person', 'team', 'office', 'map'].includes(sort.as);
}

/** Asks for another value of one field. */
export function WriteField({ path, sort, value, zone, onWrite, onClose }: Props) {
  const { t } = useWords();
  const [draft, setDraft] = useState<Scalar>(value);
  const [empty, setEmpty] = useState(false);
  const { name, key } = splitPath(path);
  const field = key === undefined ? term('field', name) : `${term('field', name)} ${key}`;
  const write = () => onWrite(empty || draft === '' ? (sort.as === 'text' ? '' : null) : draft);
  return (
    <Modal
      open
      title={t('record.editTitle', { field })}
      okText={t('record.writeNew')}
      onOk={write}
      onCancel={onClose}
      afterOpenChange={focusOn('new-value')}
    >
      <Form layout="vertical">
        <Form.Item label={t('record.newValue')} htmlFor="new-value">
          <Editor sort={sort} value={draft} zone={zone} disabled={empty} onChange={setDraft} onEnter={write} />
        </Form.Item>
        <Checkbox checked={empty} onChange={(event) => setEmpty(event.target.checked)}>
          {t('record.clear')}
        </Checkbox>
      </Form>
    </Modal>
  );
}

interface EditorProps {
  sort: Sort;
  value: Scalar;
  zone?: string;
  disabled: boolean;
  onChange: (value: Scalar) => void;
  onEnter: () => void;
}

function Editor({ sort, value, zone, disabled, onChange, onEnter }: EditorProps) {
  const { t } = useWords();
  const common = { id: 'new-value', disabled };
  switch (sort.as) {
    case 'choice':
      return (
        <Select
          {...common}
          value={value}
          onChange={onChange}
          options={termsOf(sort.group)}
          showSearch={{ optionFilterProp: 'label' }}
        />
      );
    case 'yesNo':
      return (
        <Select
          {...common}
          value={value === null ? null : String(value)}
          onChange={(value) => onChange(value === 'true')}
          options={[
            { value: 'true', label: t('common.yes') },
            { value: 'false', label: t('common.no') },
          ]}
        />
      );
    case 'moment':
      return (
        <DatePicker
          {...common}
          showTime
          // The picker's "now" is the browser's.
          showNow={false}
          value={typeof value === 'number' ? dayjs(wallIn(zone, value)) : null}
          onChange={(moment) => onChange(moment ? momentIn(zone, moment.format('YYYY-MM-DDTHH:mm:ss')) : null)}
        />
      );
    case 'day':
      return (
        <DatePicker
          {...common}
          value={typeof value === 'string' ? dayjs(value) : null}
          onChange={(day) => onChange(day ? day.format('YYYY-MM-DD') : null)}
        />
      );
    case 'whole':
      return (
        <InputNumber
          {...common}
          controls={false}
          min={0}
          precision={0}
          value={typeof value === 'number' ? value : null}
          onChange={onChange}
          onPressEnter={onEnter}
        />
      );
    case 'decimal':
      return (
        <InputNumber<string>
          {...common}
          controls={false}
          stringMode
          min="0"
          value={value === null ? null : String(value)}
          onChange={onChange}
          onPressEnter={onEnter}
        />
      );
    case 'text':
      return <Input.TextArea {...common} rows={5} value={String(value ?? '')} onChange={(event) => onChange(event.target.value)} />;
    default:
      return (
        <Input {...common} value={String(value ?? '')} onChange={(event) => onChange(event.target.value)} onPressEnter={onEnter} />
      );
  }
}
