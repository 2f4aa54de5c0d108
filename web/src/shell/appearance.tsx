import { App, ConfigProvider } from 'antd';
import type { ReactNode } from 'react';
import { antdLocale } from '../language/language.ts';
import { useWords } from '../language/wording.ts';
import { theme } from './theme.ts';

// antd writes its styles at run time; the server's content security policy lets through what carries this.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
const csp = nonce ? { nonce } : undefined;

/** Dialogs hang here and not on the body, which they would otherwise lock with a style that carries no nonce. */
export const popups = (): HTMLElement => document.getElementById('popups') ?? document.body;

/** Colours, type, antd's own words, and room for notices. */
export function Appearance({ children }: { children: ReactNode }) {
  useWords();
  return (
    <ConfigProvider
      theme={theme}
      locale={antdLocale}
      csp={csp}
      getPopupContainer={popups}
      componentSize="middle"
      button={{ autoInsertSpace: false }}
    >
      <App className="app" notification={{ placement: 'topRight', maxCount: 4 }} message={{ maxCount: 3 }}>
        {children}
      </App>
    </ConfigProvider>
  );
}
