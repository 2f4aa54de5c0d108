import i18next from 'i18next';
import { present } from '../language/language.ts';
import type words from '../language/en.ts';
import { Problem } from './problem.ts';

export interface Advice {
  title: string;
  /** What to do. */
  todo: string;
}

type Known = keyof (typeof words)['problem']['advice'];

/** What happened and what to do about it, in the present language; the server's own words where we have none. */
export function adviceFor(error: unknown): Advice {
  const t = i18next.getFixedT(present(), 'words');
  if (!(error instanceof Problem)) return { title: t('problem.title'), todo: t('problem.crashLead') };
  const all = t('problem.advice', { returnObjects: true }) as Record<Known, string[]>;
  const [title, todo] = all[error.code as Known] ?? [error.message, t('problem.fallback')];
  const wait = error.retryAfter ? ` ${t('problem.retryIn', { count: error.retryAfter })}` : '';
  return { title: title ?? error.message, todo: `${todo ?? ''}${wait}` };
}
