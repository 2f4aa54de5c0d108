import type { Locale } from 'antd/es/locale';
import i18next from 'i18next';
import Detector from 'i18next-browser-languagedetector';
import { initReactI18next } from 'react-i18next';

export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each language is called by those who speak it. */
export const NAMES: Record<Language, string> = { zh: '中文', en: 'English' };

/** The tag for the document and for `Intl`. */
export const TAGS: Record<Language, string> = { zh: 'zh-CN', en: 'en-GB' };

/** What antd itself says, in the present language. */
export let antdLocale: Locale | undefined;

async function load(language: Language): Promise<void> {
  const [words, terms, locale] = await Promise.all(
    language === 'zh'
      ? [import('./zh.ts'), import('./zh-terms.ts'), import('antd/es/locale/zh_CN'), import('dayjs/locale/zh-cn')]
      : [import('./en.ts'), import('./en-terms.ts'), import('antd/es/locale/en_GB'), import('dayjs/locale/en-gb')],
  );
  i18next.addResourceBundle(language, 'words', words.default);
  i18next.addResourceBundle(language, 'terms', terms.default);
  const dayjs = await import('dayjs');
  dayjs.default.locale(language === 'zh' ? 'zh-cn' : 'en-gb');
  antdLocale = locale.default;
}

/** Loads the remembered language, else the browser's first one that we speak. */
export async function startLanguage(): Promise<void> {
  await i18next
    .use(Detector)
    .use(initReactI18next)
    .init({
      supportedLngs: [...LANGUAGES],
      nonExplicitSupportedLngs: true,
      load: 'languageOnly',
      fallbackLng: 'en',
      ns: ['words', 'terms'],
      defaultNS: 'words',
      resources: {},
      partialBundledLanguages: true,
      interpolation: { escapeValue: false },
      detection: { order: ['localStorage', 'navigator'], lookupLocalStorage: 'daybook.language', caches: [] },
      react: { useSuspense: false },
    });
  await speak(present());
}

/** The language in use. */
export function present(): Language {
  return i18next.resolvedLanguage === 'zh' || i18next.language?.startsWith('zh') ? 'zh' : 'en';
}

/** Changes the language, without a reload. */
export async function speak(language: Language): Promise<void> {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = TAGS[language];
}

/** Changes the language and remembers it in this browser. */
export async function choose(language: Language): Promise<void> {
  localStorage.setItem('daybook.language', language);
  await speak(language);
}
