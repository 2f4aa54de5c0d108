import { SearchOutlined } from '@ant-design/icons';
import { App, ConfigProvider } from 'antd';
import type { ReactNode } from 'react';
import { antdLocale } from '../language/language.ts';
import { useWords } from '../language/wording.ts';
import { nonce } from './nonce.ts';
import { theme } from './theme.ts';

const csp = nonce ? { nonce } : undefined;

/** Colours, type, antd's own words, and room for notices. */
export function Appearance({ children }: { children: ReactNode }) {
  const { t } = useWords();
  return (
    <ConfigProvider
      theme={theme}
      locale={antdLocale}
      csp={csp}
      componentSize="middle"
      button={{ autoInsertSpace: false }}
      inputSearch={{ searchIcon: <SearchOutlined aria-label={t('common.search')} /> }}
    >
      <App className="app" notification={{ placement: 'topRight', maxCount: 4 }} message={{ maxCount: 3 }}>
        {children}
      </App>
    </ConfigProvider>
  );
}
