import { chromium, type Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { PAGES, settled, shown } from '../pages.ts';

/** From asking for a page to seeing its content, in milliseconds; what lies below the window comes after that. */
const PAGE_MS = 1_000;
/** From the press of a button to the other lines of a list. */
const LINES_MS = 200;
/** How often each is measured; the median counts. */
const ROUNDS = 5;

const median = (times: number[]): number => Math.round(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN);

/** How long since this page was asked for, by the page's own clock. */
const sinceAsked = (page: Page): Promise<number> => page.evaluate(() => performance.now());

const twoWeeksBefore = (day: string): string => new Date(Date.parse(day) - 13 * 86_400_000).toISOString().slice(0, 10);

/** Presses something and waits for another first line, measured in the page. */
const turn = (page: Page, button: string): Promise<number> =>
  page.evaluate(async (button) => {
    const first = () => document.querySelector('tbody .row-link')?.getAttribute('href');
    const [before, begun] = [first(), performance.now()];
    document.querySelector<HTMLElement>(button)?.click();
    while (first() === before) await new Promise(requestAnimationFrame);
    return performance.now() - begun;
  }, button);

test('every page of the console', async () => {
  const { url, login, password, records, promoters, browser } = inject('ground');
  const chrome = await chromium.connect(browser);
  const context = await chrome.newContext({ baseURL: url, locale: 'zh-CN', viewport: { width: 1280, height: 820 } });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.goto('/sign-in');
  await page.locator('input[autocomplete=username]').fill(login);
  await page.locator('input[type=password]').fill(password);
  await page.locator('button[type=submit]').click();
  await page.waitForURL('**/records');
  const answer = async <T>(path: string) => (await (await page.request.get(path)).json()) as T;
  const { items } = await answer<{ items: { id: string; kind: string; office: string; day: string; owner: string; title: string }[] }>(
    '/api/v1/records?limit=200',
  );
  const line = (kind: string) => items.find((item) => item.kind === kind) ?? items[0];
  const newest = items[0];
  if (!newest) throw new Error('there are no records: give --stored');
  const more: [string, string][] = [
    ['records of a day', `/records?day=${newest.day}`],
    ['records of two weeks', `/records?to=${newest.day}&from=${twoWeeksBefore(newest.day)}`],
    ['records of a promoter', `/records?promoter=${newest.owner}`],
    ['records with a flag', '/records?flag=any'],
    ['records in conflict', '/records?conflict=true'],
    ['records by name', `/records?text=${encodeURIComponent(newest.title)}`],
    ['days', `/days?day=${newest.day}`],
    ['board', `/offices/${newest.office}/days/${newest.day}`],
    ['leads of an office', `/leads?office=${newest.office}`],
    ...['visit', 'survey', 'lead'].map((kind): [string, string] => [`record: ${kind}`, `/records/${line(kind)?.id}`]),
  ];
  const results: { what: string; ms: number; whole?: number; bar: number }[] = [];
  for (const [what, path] of [...PAGES.map((path): [string, string] => [path, path]), ...more]) {
    const times: number[] = [];
    const whole: number[] = [];
    // Once before anything is measured: the browser has the files from then on, as it has every day.
    for (let round = -1; round < ROUNDS; round += 1) {
      await page.goto(path, { waitUntil: 'commit' });
      await shown(page);
      const seen = await sinceAsked(page);
      await settled(page);
      if (round < 0) continue;
      times.push(seen);
      whole.push(await sinceAsked(page));
    }
    results.push({ what, ms: median(times), whole: median(whole), bar: PAGE_MS });
  }
  for (const path of ['/records', `/records?office=${newest.office}`, '/records?kind=lead', '/records?state=received']) {
    await page.goto(path);
    await settled(page);
    const times: number[] = [];
    for (let round = 0; round < 2 * ROUNDS; round += 1) times.push(await turn(page, '.list-foot button:last-of-type'));
    results.push({ what: `next page of ${path.replace(/=[0-9a-f-]{36}/, '=…')}`, ms: median(times), bar: LINES_MS });
  }
  await context.close();
  await chrome.close();

  const slow = results.filter(({ ms, bar }) => ms > bar);
  for (const { what, ms, whole, bar } of results) {
    const below = whole === undefined ? '' : `, all of it ${whole} ms`;
    console.log(`${String(ms).padStart(6)} ms ${ms > bar ? 'SLOW' : 'ok  '} ${what}${below}`);
  }
  console.log(JSON.stringify({ records, promoters, slow: slow.length, ms: Object.fromEntries(results.map(({ what, ms }) => [what, ms])) }));
  expect(slow).toEqual([]);
});
