import { useMutation } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { Button, Form, Input, type InputRef } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { LanguageSwitch } from '../shell/language-switch.tsx';
import { useWords } from '../language/wording.ts';
import { Problem } from '../problem/problem.ts';
import { Trouble } from '../problem/trouble.tsx';
import { signIn } from './session.ts';
import './sign-in.css';

interface Credentials {
  login: string;
  password: string;
  code?: string;
}

export function SignInPage() {
  const { t } = useWords();
  const { then } = useSearch({ from: '/sign-in' });
  const router = useRouter();
  const [asksCode, setAsksCode] = useState(false);
  const first = useRef<InputRef>(null);
  const attempt = useMutation({
    mutationFn: ({ login, password, code }: Credentials) => signIn(login.trim(), password, code?.trim()),
    onError: (error) => {
      if (error instanceof Problem && error.code === 'session.totp_required') setAsksCode(true);
    },
    onSuccess: () => router.history.push(then ?? '/records'),
  });
  useEffect(() => {
    document.title = `${t('signIn.title')} · Daybook`;
    first.current?.focus();
  }, [t]);

  return (
    <main className="sign-in">
      <div className="sheet sign-in-sheet">
        <div className="sign-in-brand">
          <img src="/icon.svg" alt="" />
          <div>
            <h1>Daybook</h1>
            <div className="quiet">{t('signIn.lead')}</div>
          </div>
        </div>
        {attempt.error && <Trouble error={attempt.error} />}
        <Form<Credentials> layout="vertical" requiredMark={false} onFinish={attempt.mutate} disabled={attempt.isPending}>
          <Form.Item name="login" label={t('signIn.login')} rules={[{ required: true, message: t('signIn.loginMissing') }]}>
            <Input ref={first} autoComplete="username" autoCapitalize="none" spellCheck={false} />
          </Form.Item>
          <Form.Item
            name="password"
            label={t('signIn.password')}
            rules={[{ required: true, message: t('signIn.passwordMissing') }]}
          >
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          {asksCode && (
            <Form.Item name="code" label={t('signIn.code')} extra={t('signIn.codeHint')} rules={[{ required: true, message: t('account.missing') }]}>
              <Input autoFocus autoComplete="one-time-code" autoCapitalize="characters" spellCheck={false} />
            </Form.Item>
          )}
          <Button type="primary" htmlType="submit" block loading={attempt.isPending}>
            {t('signIn.submit')}
          </Button>
        </Form>
      </div>
      <LanguageSwitch />
    </main>
  );
}
