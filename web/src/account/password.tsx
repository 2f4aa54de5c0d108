import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input } from 'antd';
import { changePassword, sessions } from '../api/access.ts';
import { useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';
import { useMe } from '../session/session.ts';

/** As the server counts: characters, not bytes. */
const [SHORTEST, LONGEST] = [12, 128];

interface Draft {
  old: string;
  fresh: string;
  again: string;
}

/** Changes one's own password. One's other sessions end with it. */
export function PasswordSheet() {
  const { t } = useWords();
  const me = useMe();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<Draft>();
  const change = useMutation({
    mutationFn: ({ old, fresh }: Draft) => changePassword(old, fresh),
    onSuccess: () => {
      message.success(t('account.passwordChanged'));
      form.resetFields();
    },
    onSettled: () => cache.invalidateQueries({ queryKey: sessions.queryKey }),
  });
  const fits = (_: unknown, text: string | undefined) => {
    const length = [...(text ?? '')].length;
    return length >= SHORTEST && length <= LONGEST ? Promise.resolve() : Promise.reject(new Error(t('account.passwordLength')));
  };
  return (
    <section className="sheet" aria-label={t('account.password')}>
      <h2>{t('account.password')}</h2>
      {change.error && <Trouble error={change.error} />}
      <Form<Draft> form={form} layout="vertical" requiredMark={false} onFinish={change.mutate} disabled={change.isPending}>
        {/* Password managers want to know whose password it is. */}
        <input hidden readOnly autoComplete="username" value={me.name} />
        <Form.Item name="old" label={t('account.oldPassword')} rules={[{ required: true, message: t('signIn.passwordMissing') }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item name="fresh" label={t('account.newPassword')} extra={t('account.passwordHint')} rules={[{ validator: fits }]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t('account.again')}
          dependencies={['fresh']}
          rules={[
            ({ getFieldValue }) => ({
              validator: (_, text) =>
                text === getFieldValue('fresh') ? Promise.resolve() : Promise.reject(new Error(t('account.different'))),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t('account.changePassword')}
        </Button>
      </Form>
    </section>
  );
}
