import { LeftOutlined, RightOutlined } from '@ant-design/icons';
import { Button, DatePicker, Space } from 'antd';
import dayjs from 'dayjs';
import { useWords } from '../language/wording.ts';
import { daysLater } from './business-day.ts';

interface Props {
  day: string;
  /** The day that it is there. */
  today: string;
  onChange: (day: string) => void;
}

/** Another day: by the calendar, by one step, or back to today. */
export function DayChoice({ day, today, onChange }: Props) {
  const { t } = useWords();
  return (
    <Space size={4}>
      <Button
        icon={<LeftOutlined />}
        title={t('days.before')}
        aria-label={t('days.before')}
        onClick={() => onChange(daysLater(day, -1))}
      />
      <DatePicker
        className="day-choice"
        aria-label={t('days.day')}
        allowClear={false}
        value={dayjs(day)}
        onChange={(chosen) => chosen && onChange(chosen.format('YYYY-MM-DD'))}
      />
      <Button
        icon={<RightOutlined />}
        title={t('days.after')}
        aria-label={t('days.after')}
        onClick={() => onChange(daysLater(day, 1))}
      />
      <Button disabled={day === today} onClick={() => onChange(today)}>
        {t('days.today')}
      </Button>
    </Space>
  );
}
