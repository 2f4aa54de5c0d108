import i18next, { type TFunction } from 'i18next';
import enTerms from '../src/language/en-terms.ts';
import en from '../src/language/en.ts';
import type { Language } from '../src/language/language.ts';
import zhTerms from '../src/language/zh-terms.ts';
import zh from '../src/language/zh.ts';

export type Words = TFunction<['words', 'terms']>;

const RESOURCES = { en: { words: en, terms: enTerms }, zh: { words: zh, terms: zhTerms } };

/** What the console says in a language. */
export async function wordsIn(language: Language): Promise<Words> {
  const told = i18next.createInstance();
  await told.init({ lng: language, ns: ['words', 'terms'], resources: RESOURCES, interpolation: { escapeValue: false } });
  return told.getFixedT(language, ['words', 'terms']);
}
