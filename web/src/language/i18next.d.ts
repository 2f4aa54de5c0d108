import 'i18next';
import type terms from './en-terms.ts';
import type words from './en.ts';

// Keys that do not exist are errors of the compiler.
declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: typeof words; terms: typeof terms };
  }
}
