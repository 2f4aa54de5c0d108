import { CloseOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Input, Popover, Space } from 'antd';
import { useState } from 'react';
import { forgetPreset, keepPreset, presets as kept } from '../api/presets.ts';
import type { RecordFilter } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { LONGEST_NAME } from '../settings/limits.ts';
import { Lacking } from '../shell/states.tsx';
import { readFilter } from './search.ts';

/** Filters that one keeps by name. */
export function Presets({ filter, onShow }: { filter: RecordFilter; onShow: (filter: RecordFilter) => void }) {
  const { t } = useWords();
  const cache = useQueryClient();
  const notice = useProblemNotice();
  const query = useQuery(kept);
  const { data: presets = [] } = query;
  const [name, setName] = useState('');
  const [open, setOpen] = useState(false);
  const save = useMutation({
    mutationFn: (name: string) => keepPreset(name, filter),
    onSuccess: (presets) => {
      cache.setQueryData(kept.queryKey, presets);
      setName('');
      setOpen(false);
    },
    onError: notice,
  });
  const forget = useMutation({
    mutationFn: forgetPreset,
    onSuccess: (presets) => cache.setQueryData(kept.queryKey, presets),
    onError: (error) => {
      notice(error);
      void cache.invalidateQueries({ queryKey: kept.queryKey });
    },
  });
  const send = () => {
    if (name.trim() && !save.isPending) save.mutate(name.trim());
  };
  const mayKeep = Object.keys(filter).length > 0;
  if (presets.length === 0 && !mayKeep && !query.error) return null;
  return (
    <Space size={6} wrap role="group" aria-label={t('presets.title')} className="presets">
      <Lacking what={t('presets.title')} queries={[query]} />
      {presets.map((preset) => (
        <Space.Compact key={preset.id}>
          <Button size="small" onClick={() => onShow(readFilter({ ...preset.filter }))}>
            {preset.name}
          </Button>
          <Button
            size="small"
            icon={<CloseOutlined />}
            aria-label={t('presets.remove', { name: preset.name })}
            disabled={forget.isPending && forget.variables === preset.id}
            onClick={() => forget.mutate(preset.id)}
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
                maxLength={LONGEST_NAME}
                onPressEnter={send}
              />
              <Button type="primary" loading={save.isPending} onClick={send}>
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
