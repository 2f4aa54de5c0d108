import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { useDirectory } from '../api/directory.ts';
import { addPerson } from '../api/staff.ts';
import { term, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { LONGEST_NAME } from '../settings/limits.ts';
import { LONGEST_LOGIN, newcomerOf, wantsLogin, type NewDraft } from './person-edit.ts';
import { PasswordOnce } from './password-once.tsx';
import { ROLES } from './search.ts';

/** Adds a person; the password that is made for a login is shown this once. */
export function AddDialog({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const { offices, teams } = useDirectory();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const [draft, setDraft] = useState<NewDraft>({ role: 'promoter', name: '', login: '' });
  const [checked, setChecked] = useState(false);
  const change = (change: Partial<NewDraft>) => setDraft({ ...draft, ...change });
  const add = useMutation({
    mutationFn: addPerson,
    onSuccess: ({ person, password }) => {
      message.success(t('people.added', { name: person.name }));
      if (password == null) onClose();
    },
    onError: notice,
    onSettled: () => cache.invalidateQueries({ queryKey: ['people'] }),
  });
  const { newcomer, lacks } = newcomerOf(draft);
  const send = () => {
    setChecked(true);
    if (newcomer) add.mutate(newcomer);
  };
  const missing = (what: (typeof lacks)[number]) =>
    checked && lacks.includes(what) ? ({ validateStatus: 'error', help: t('account.missing') } as const) : {};
  const made = add.data?.password;
  return (
    <Modal
      open
      title={t('people.add')}
      onCancel={onClose}
      afterOpenChange={(open) => open && document.getElementById('new-name')?.focus()}
      footer={
        made == null ? (
          <>
            <Button onClick={onClose}>{t('common.cancel')}</Button>
            <Button type="primary" loading={add.isPending} onClick={send}>
              {t('people.addAction')}
            </Button>
          </>
        ) : (
          <Button onClick={onClose}>{t('common.close')}</Button>
        )
      }
    >
      {made != null ? (
        <PasswordOnce name={draft.name.trim()} login={draft.login.trim().toLowerCase()} password={made} />
      ) : (
        <Form layout="vertical" component={false}>
          <Form.Item label={t('people.name')} htmlFor="new-name" {...missing('name')}>
            <Input
              id="new-name"
              value={draft.name}
              maxLength={LONGEST_NAME}
              onChange={(event) => change({ name: event.target.value })}
              onPressEnter={send}
            />
          </Form.Item>
          <Form.Item label={t('people.role')} htmlFor="new-role">
            <Select
              id="new-role"
              value={draft.role}
              onChange={(role) => change({ role })}
              options={ROLES.map((value) => ({ value, label: term('role', value) }))}
            />
          </Form.Item>
          <Form.Item label={t('people.office')} htmlFor="new-office" {...missing('office')}>
            <Select
              id="new-office"
              allowClear={{ label: t('common.clear') }}
              showSearch={{ optionFilterProp: 'label' }}
              value={draft.office}
              onChange={(office: string | undefined) => change({ office, team: undefined })}
              options={offices.map(({ id, name }) => ({ value: id, label: name }))}
            />
          </Form.Item>
          <Form.Item label={t('people.team')} htmlFor="new-team" {...missing('team')}>
            <Select
              id="new-team"
              allowClear={{ label: t('common.clear') }}
              value={draft.team}
              onChange={(team: string | undefined) => change({ team })}
              options={teams.filter((team) => team.office === draft.office).map(({ id, name }) => ({ value: id, label: name }))}
            />
          </Form.Item>
          <Form.Item
            label={t('people.login')}
            htmlFor="new-login"
            extra={t(wantsLogin(draft.role) ? 'people.loginLead' : 'people.loginField')}
            {...missing('login')}
          >
            <Input
              id="new-login"
              autoComplete="off"
              value={draft.login}
              maxLength={LONGEST_LOGIN}
              onChange={(event) => change({ login: event.target.value })}
              onPressEnter={send}
            />
          </Form.Item>
        </Form>
      )}
    </Modal>
  );
}
