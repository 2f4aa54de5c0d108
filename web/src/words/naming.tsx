import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query';
import { App, Button, Input } from 'antd';
import { useState, type ReactNode } from 'react';
import { useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { LONGEST_NAME } from '../settings/limits.ts';
import './naming.css';

interface Saving {
  save: (name: string) => Promise<{ name: string }>;
  /** What shows the name. */
  stale: QueryKey;
  said: (name: string) => string;
}

interface Props extends Saving {
  label: string;
  action: string;
  /** The present name, where there is one. */
  name?: string;
  /** What else has to be said; the name alone is not enough without it. */
  children?: ReactNode;
  ready?: boolean;
  onDone?: () => void;
}

/** One line in which something gets its name. */
export function Naming({ label, action, name = '', children, ready = true, onDone, save, stale, said }: Props) {
  const { t } = useWords();
  const cache = useQueryClient();
  const notice = useProblemNotice();
  const { message } = App.useApp();
  const [draft, setDraft] = useState(name);
  const fresh = draft.trim();
  const naming = useMutation({
    mutationFn: save,
    onSuccess: async ({ name }) => {
      await cache.invalidateQueries({ queryKey: stale });
      message.success(said(name));
      setDraft('');
      onDone?.();
    },
    onError: notice,
  });
  return (
    <form
      className="naming"
      onSubmit={(event) => {
        event.preventDefault();
        if (fresh && fresh === name) onDone?.();
        else if (fresh && ready) naming.mutate(fresh);
      }}
    >
      <Input
        autoFocus={onDone !== undefined}
        value={draft}
        maxLength={LONGEST_NAME}
        placeholder={label}
        aria-label={label}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onDone?.()}
      />
      {children}
      <Button htmlType="submit" type={onDone ? 'primary' : 'default'} disabled={!fresh || !ready} loading={naming.isPending}>
        {action}
      </Button>
      {onDone && <Button onClick={onDone}>{t('common.cancel')}</Button>}
    </form>
  );
}
