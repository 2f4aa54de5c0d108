import { useMutation } from '@tanstack/react-query';
import { App, Button, Space } from 'antd';
import { endSessionsOf, resetPassword, takeOffSecondFactor } from '../api/access.ts';
import type { Body } from '../api/client.ts';
import { useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { PasswordOnce } from './password-once.tsx';

/** What an administrator can do for somebody who was spied on, or locked out. */
export function AccessActions({ person }: { person: Body['PersonBody'] }) {
  const { t } = useWords();
  const { modal, message } = App.useApp();
  const notice = useProblemNotice();
  const { name } = person;
  const endAll = useMutation({
    mutationFn: () => endSessionsOf(person.id),
    onSuccess: ({ ended }) => message.success(t('account.endedSome', { count: ended })),
    onError: notice,
  });
  const takeOff = useMutation({
    mutationFn: () => takeOffSecondFactor(person.id),
    onSuccess: () => message.success(t('account.tookOff')),
    onError: notice,
  });
  const reset = useMutation({
    mutationFn: () => resetPassword(person.id),
    onSuccess: ({ password }) =>
      modal.info({
        title: t('people.resetPassword'),
        content: <PasswordOnce name={name} password={password} />,
        okText: t('common.close'),
      }),
    onError: notice,
  });
  const ask = (title: string, content: string, run: () => void) =>
    modal.confirm({ title, content, okText: title, okButtonProps: { danger: true }, onOk: run });
  return (
    <Space wrap>
      <Button
        loading={reset.isPending}
        onClick={() => ask(t('people.resetPassword'), t('people.resetPasswordLead', { name }), reset.mutate)}
      >
        {t('people.resetPassword')}
      </Button>
      <Button
        loading={endAll.isPending}
        onClick={() => ask(t('account.endSessions'), t('account.endSessionsLead', { name }), endAll.mutate)}
      >
        {t('account.endSessions')}
      </Button>
      <Button
        loading={takeOff.isPending}
        onClick={() => ask(t('account.takeOff'), t('account.takeOffLead', { name }), takeOff.mutate)}
      >
        {t('account.takeOff')}
      </Button>
    </Space>
  );
}
