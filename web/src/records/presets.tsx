import { CloseOutlined } from '@ant-design/icons';
import { Button, Input, Popover, Space } from 'antd';
import { useState } from 'react';
import type { RecordFilter } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { readFilter } from './search.ts';

interface Preset {
  name: string;
  filter: RecordFilter;
}

const REMEMBERED = 'daybook.presets';

function remembered(): Preset[] {
  try {
    const stored = JSON.parse(localStorage.getItem(REMEMBERED) ?? '[]') as Preset[];
    return stored.map(({ name, filter }) => ({ name: String(name), filter: readFilter({ ...filter }) }));
  } catch {
    return [];
  }
}

/** Filters that this browser remembers by name. */
export function Presets({ filter, onShow }: { filter: RecordFilter; onShow: (filter: RecordFilter) => void }) {
  const { t } = useWords();
  const [presets, setPresets] = useState(remembered);
  const [name, setName] = useState('');
  const [open, setOpen] = useState(false);
  const keep = (presets: Preset[]) => {
    setPresets(presets);
    localStorage.setItem(REMEMBERED, JSON.stringify(presets));
  };
  const save = () => {
    if (!name.trim()) return;
    keep([...presets.filter((preset) => preset.name !== name.trim()), { name: name.trim(), filter }]);
    setName('');
    setOpen(false);
  };
  const mayKeep = Object.keys(filter).length > 0;
  if (presets.length === 0 && !mayKeep) return null;
  return (
    <Space size={6} wrap role="group" aria-label={t('presets.title')}>
      {presets.map((preset) => (
        <Space.Compact key={preset.name}>
          <Button size="small" onClick={() => onShow(preset.filter)}>
            {preset.name}
          </Button>
          <Button
            size="small"
            icon={<CloseOutlined />}
            aria-label={t('presets.remove', { name: preset.name })}
            onClick={() => keep(presets.filter((other) => other !== preset))}
          />
        </Space.Compact>
      ))}
      {mayKeep && (
        <Popover
          trigger="click"
          open={open}
          onOpenChange={setOpen}
          content={
            <Space.Compact>
              <Input
                autoFocus
                aria-label={t('presets.name')}
                placeholder={t('presets.name')}
                value={name}
                onChange={(event) => setName(event.target.value)}
                onPressEnter={save}
              />
              <Button type="primary" onClick={save}>
                {t('common.save')}
              </Button>
            </Space.Compact>
          }
        >
          <Button size="small" type="link">
            {t('presets.save')}
          </Button>
        </Popover>
      )}
    </Space>
  );
}
