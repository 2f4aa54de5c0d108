import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, inject, onTestFinished, test } from 'vitest';
import { TAGS, type Language } from '../src/language/language.ts';
import { Desk, openBrowser } from './desk.ts';
import { Evening } from './evening.ts';
import { keys, mouse, type Hands } from './hands.ts';
import * as journey from './journey.ts';
import { signInByKeys } from './keyboard.ts';
import { wordsIn } from './words.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

interface Way {
  language: Language;
  by: (page: Page) => Hands;
  /** What the office is called. */
  name: string;
}

const WAYS: Way[] = [
  { language: 'en', by: keys, name: '全程分所' },
  { language: 'zh', by: keys, name: '键盘分所' },
  { language: 'zh', by: mouse, name: '中文分所' },
];

test.each(WAYS)('a whole evening of head quarters, in $language and by $by.name', async ({ language, by, name }) => {
  const evening = await Evening.come(name);
  onTestFinished(() => evening.over());
  // Head quarters sits where it is evening too: its own day is the office's, whenever this runs.
  const desk = await Desk.open(browser, { locale: TAGS[language], zone: evening.zone });
  const colleague = await Desk.open(browser);
  await colleague.signIn('reviewer');
  if (by === keys) {
    await signInByKeys(desk.page, inject('house').staff.hq_admin!);
    await desk.page.locator('.page-head h1:focus').waitFor();
  } else {
    await desk.signIn('hq_admin');
  }
  const traveller = { desk, colleague, evening, hands: by(desk.page), t: await wordsIn(language) };

  const disputed = await journey.follow(traveller, '有争议的客户');
  await journey.resolve(traveller, disputed);
  const incomplete = await journey.sendBack(traveller, '改好的客户');
  await journey.decideTooLate(traveller, incomplete);
  await journey.approveTogether(traveller);
  await journey.closeDay(traveller);
  const late = await journey.supplement(traveller, '迟到的客户');
  const fresh = await journey.replacePhone(traveller, late, '新手机的客户');
  await journey.takeAway(traveller, '客户', { [incomplete]: '改好的客户', [late]: '迟到的客户', [fresh]: '新手机的客户' });

  await colleague.close();
  await desk.close();
});
