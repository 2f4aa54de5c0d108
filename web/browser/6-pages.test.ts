import { mkdir } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, first, lines, openBrowser, record } from './desk.ts';
import { Evening } from './evening.ts';
import { PAGES, settled } from './pages.ts';

let browser: Browser;
let evening: Evening;
let open: Evening;
beforeAll(async () => {
  browser = await openBrowser();
  await mkdir(PICTURES, { recursive: true });
  open = await Evening.come('江北分所');
  // A customer of whom nothing is known yet.
  await open.phones.in.lead('');
  await open.phones.in.lead('未封存的客户');
  evening = await closedEvening();
});
afterAll(async () => {
  await open.over();
  await evening.over();
  await browser.close();
});

/** A day with everything that a board shows: closed with phones missing, a supplement, and another late record. */
async function closedEvening(): Promise<Evening> {
  const evening = await Evening.come('南山分所');
  const desk = await Desk.open(browser);
  await desk.signInAs(evening.secretary);
  await desk.tell('PUT', `/api/v1/offices/${evening.office}/consultants`, { names: ['李静', '陈晨', '王芳'] });
  const lead = await evening.phones.in.lead('到访的客户');
  await desk.tell('POST', `/api/v1/records/${lead}/arrival`, { confirmation_slip: 'A-17' });
  const missing = (await evening.missing(desk)).map((device) => ({ device, reason: '在山里，没有网络' }));
  await desk.tell('POST', `/api/v1${evening.board}/close`, { missing });
  await evening.phones.first.lead('补充的客户');
  await desk.tell('POST', `/api/v1${evening.board}/supplements`, { reason: '隧道里没有网络' });
  await evening.phones.second.lead('迟到的客户');
  // The office's phone changes what is decided, and one that is cut off goes on.
  const chief = await Desk.open(browser);
  await chief.signIn('hq_admin');
  const { heads } = (await record(chief, lead)).line;
  await chief.tell('POST', `/api/v1/records/${lead}/review`, { state: 'approved', seen: heads });
  await evening.phones.in.rename(lead, '到访的客户，改名');
  const cut = await evening.another('赵敏');
  await cut.lead('停用之前');
  const devices = await chief.ask<{ id: string; label: string }[]>('/api/v1/devices');
  await chief.tell('POST', `/api/v1/devices/${first(devices, ({ label }) => label === '赵敏的手机').id}/revoke`, {});
  await cut.lead('停用之后').catch(() => undefined);
  await cut.away();
  await chief.close();
  await desk.close();
  return evening;
}

/** Where an amendment and a change that was quarantined are looked at. */
async function setAside(desk: Desk): Promise<[string, string][]> {
  const { items: held } = await desk.ask<{ items: { record: string; device: string }[] }>('/api/v1/amendments');
  const { items: aside } = await desk.ask<{ items: { id: number }[] }>('/api/v1/quarantine');
  const amendment = first(held);
  return [
    ['amendment', `/amendments/${amendment.record}/${amendment.device}`],
    ['quarantined', `/quarantine/${first(aside).id}`],
  ];
}

/** Tables, cells of them, and lines of the queue that hold more than they show. */
const cut = () =>
  [...document.querySelectorAll('.list, .list .ant-table-cell, .queued > span')]
    .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
    .map((box) => `${box.className}: ${box.textContent?.slice(0, 60)}`);

const PICTURES = new URL('pictures/', import.meta.url).pathname;

/** A dialog stands where it will stay: antd has taken its classes for appearing away. */
async function appeared(desk: Desk): Promise<void> {
  await desk.page.getByRole('dialog').waitFor();
  await desk.page.waitForSelector('.ant-modal-root [class*="-appear"]', { state: 'detached' });
}

const [WIDE, NARROW] = [1280, 820];

// Each page is fetched once for a language, and looked at in both widths. axe is slow: it sees each language and each
// width once.
for (const [locale, looked] of [
  ['zh-CN', WIDE],
  ['en-GB', NARROW],
] as const) {
  test(`each page is accessible and fits at ${WIDE} and ${NARROW} pixels, ${locale}`, async () => {
    const desk = await Desk.open(browser, { locale, width: WIDE });
    const { page } = desk;
    const look = async (name: string) => {
      await expect.poll(() => page.evaluate(() => [...document.images].every(({ complete }) => complete))).toBe(true);
      for (const width of [NARROW, WIDE]) {
        await page.setViewportSize({ width, height: 820 });
        // Tables measure themselves anew in the next frame.
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
        await page.screenshot({ path: `${PICTURES}${locale}-${width}-${name}.png` });
        if (width === looked) expect(await desk.barriers(), name).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), name).toBeLessThanOrEqual(0);
        expect(await page.evaluate(cut), `${name} at ${width}`).toEqual([]);
      }
    };
    await page.goto('/sign-in');
    await page.locator('input[autocomplete=username]').waitFor();
    await look('sign-in');
    await desk.signIn('hq_admin');
    for (const path of PAGES) {
      await page.goto(path);
      if (path.includes('view=map')) await page.locator('.map-list').waitFor();
      await settled(page);
      await look(path.slice(1).replace(/\?.*/, '-map'));
    }
    for (const query of ['kind=lead&conflict=true', 'kind=visit', 'kind=survey']) {
      const { id, kind } = first(await lines(desk, query));
      await page.goto(`/records/${id}`);
      await settled(page);
      await look(`record-${kind}`);
    }
    for (const [name, path] of await setAside(desk)) {
      await page.goto(path);
      await settled(page);
      await look(name);
    }
    for (const [name, path] of [
      ['days-closed', `/days?day=${evening.day}`],
      ['board', open.board],
      ['board-missing', `${open.board}?missing=true`],
      ['board-closed', evening.board],
      ['statement', `${evening.board}/statements/0`],
      ['supplement', `${evening.board}/statements/1`],
      ['rota-filled', `/rota?office=${evening.office}`],
    ] as const) {
      await page.goto(path);
      await settled(page);
      await look(name);
    }
    await page.goto(`${evening.board}/statements/0`);
    await settled(page);
    await page.emulateMedia({ media: 'print' });
    await page.screenshot({ path: `${PICTURES}${locale}-statement-printed.png`, fullPage: true });
    await page.emulateMedia({ media: null });
    await page.goto(open.board);
    await page.locator('.page-head .ant-btn-primary').click();
    await page.locator('#reason-for-all:focus').waitFor();
    await appeared(desk);
    await look('close');
    const { id } = first(await lines(desk, `office=${open.office}`));
    await page.goto(`/records/${id}`);
    await settled(page);
    await page.locator('#arrival button').click();
    await page.locator('#arrival-at:focus').waitFor();
    await appeared(desk);
    await look('arrival');
    await page.goto('/records');
    await settled(page);
    await page.locator('.page-head button:has(.anticon-download)').click();
    await appeared(desk);
    await look('export');
    await page.goto('/surveys');
    await settled(page);
    await page.locator('.answers .figure').first().click();
    await page.locator('.record-lines a').first().waitFor();
    await appeared(desk);
    await look('survey-figure');
    await page.goto('/settings');
    await settled(page);
    await page.locator('.offices td .ant-btn').first().click();
    await page.locator('.naming input:focus').waitFor();
    await look('settings-office');
    const { owner } = first(await lines(desk, `office=${open.office}`));
    await page.goto(`/devices?person=${owner}`);
    await settled(page);
    await page.locator('.page-head .end button').first().click();
    await page.locator('.ant-modal-footer .ant-btn-primary').click();
    await page.getByTestId('invitation-qr').waitFor();
    await appeared(desk);
    await look('enrol');
    await page.goto('/enrol#7K3M-9QTX-04BZ-RF6W');
    await page.locator('h1').waitFor();
    await look('scanned');
    await desk.close();
  });
}
