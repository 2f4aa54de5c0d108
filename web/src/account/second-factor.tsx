import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, QRCode } from 'antd';
import { useState } from 'react';
import { beginSecondFactor, confirmSecondFactor, endSecondFactor, secondFactor } from '../api/access.ts';
import type { Body } from '../api/client.ts';
import { number, time, useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';
import { Fetched } from '../shell/states.tsx';

/** Codes of an authenticator app beside the password: switched on in two steps, and off with the password. */
export function SecondFactorSheet() {
  const { t } = useWords();
  const query = useQuery(secondFactor);
  const cache = useQueryClient();
  const { message } = App.useApp();
  const [made, setMade] = useState<Body['SecretBody']>();
  const [codes, setCodes] = useState<string[]>();
  const settled = () => cache.invalidateQueries({ queryKey: secondFactor.queryKey });
  const begin = useMutation({ mutationFn: beginSecondFactor, onSuccess: setMade });
  const confirm = useMutation({
    mutationFn: confirmSecondFactor,
    onSuccess: ({ recovery_codes }) => {
      setMade(undefined);
      setCodes(recovery_codes);
      return settled();
    },
  });
  const end = useMutation({
    mutationFn: endSecondFactor,
    onSuccess: () => {
      setCodes(undefined);
      message.success(t('account.factorOff'));
      return settled();
    },
  });
  const error = begin.error ?? confirm.error ?? end.error;
  return (
    <section className="sheet" aria-label={t('account.factor')}>
      <h2>{t('account.factor')}</h2>
      {error && <Trouble error={error} />}
      <Fetched query={query} rows={3}>
        {({ on, since, recovery_codes_left: left }) => (
          <div className="second-factor">
            {codes && <RecoveryCodes codes={codes} />}
            {on && (
              <>
                <p>{t('account.factorOn', { since: since == null ? '' : time(since), left: number(left) })}</p>
                <Ask label={t('account.oldPassword')} action={t('account.factorEnd')} danger sending={end.isPending} onSend={end.mutate} password />
              </>
            )}
            {!on && !made && (
              <>
                <p>{t('account.factorLead')}</p>
                <Ask label={t('account.oldPassword')} action={t('account.factorBegin')} sending={begin.isPending} onSend={begin.mutate} password />
              </>
            )}
            {!on && made && (
              <>
                <p>{t('account.factorScan')}</p>
                <div data-testid="factor-qr">
                  <QRCode aria-label={t('account.factorQr')} value={made.url} type="svg" size={220} bordered={false} color="#000" bgColor="#fff" />
                </div>
                <p>
                  {t('account.factorSecret')} <span className="identifier">{made.secret}</span>
                </p>
                <Ask label={t('account.factorCode')} action={t('account.factorConfirm')} sending={confirm.isPending} onSend={confirm.mutate} />
              </>
            )}
          </div>
        )}
      </Fetched>
    </section>
  );
}

function RecoveryCodes({ codes }: { codes: string[] }) {
  const { t } = useWords();
  return (
    <div role="status">
      <p>{t('account.recovery')}</p>
      <ul className="recovery-codes">
        {codes.map((code) => (
          <li key={code} className="identifier">
            {code}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface Asked {
  label: string;
  action: string;
  sending: boolean;
  danger?: boolean;
  password?: boolean;
  onSend: (text: string) => void;
}

/** One line that is needed to go on. */
function Ask({ label, action, sending, danger = false, password = false, onSend }: Asked) {
  const { t } = useWords();
  return (
    <Form<{ text: string }> key={label} layout="vertical" requiredMark={false} disabled={sending} onFinish={({ text }) => onSend(text.trim())}>
      <Form.Item name="text" label={label} rules={[{ required: true, message: t('account.missing') }]}>
        {password ? (
          <Input.Password autoComplete="current-password" />
        ) : (
          <Input autoComplete="one-time-code" inputMode="numeric" autoFocus />
        )}
      </Form.Item>
      <Button htmlType="submit" type={danger ? 'default' : 'primary'} danger={danger} loading={sending}>
        {action}
      </Button>
    </Form>
  );
}
