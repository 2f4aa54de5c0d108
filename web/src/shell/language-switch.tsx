import { Segmented } from 'antd';
import { choose, LANGUAGES, NAMES, type Language } from '../language/language.ts';
import { useWords } from '../language/wording.ts';

/** Changes the language at once; this browser remembers it. */
export function LanguageSwitch({ small = false }: { small?: boolean }) {
  const { t, language } = useWords();
  return (
    <Segmented<Language>
      size={small ? 'small' : 'middle'}
      aria-label={t('app.language')}
      value={language}
      onChange={(language) => void choose(language)}
      options={LANGUAGES.map((value) => ({ value, label: <span lang={value}>{NAMES[value]}</span> }))}
    />
  );
}
