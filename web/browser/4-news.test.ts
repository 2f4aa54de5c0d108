import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, first, lines, openBrowser } from './desk.ts';
import { Evening } from './evening.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

test('pages follow what phones hand in, and say when they can’t', async () => {
  const evening = await Evening.come('直播分所');
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signInAs(evening.secretary);
  // Pages ask by themselves once a minute while news come, so what is seen below came with the news.
  const live = page.locator('.live[data-standing=live]');
  await live.waitFor({ state: 'attached' });
  const row = (id: string) => page.locator(`a.row-link[href$="${id}"]`);
  await row(await evening.phones.in.lead('直播的客户')).waitFor();

  const lost = page.getByText('The line to the server is interrupted');
  await page.route('**/api/v1/events', (route) => route.abort());
  await page.reload();
  await lost.waitFor();
  const missed = await evening.phones.in.lead('断线时的客户');
  expect(await row(missed).count()).toBe(0);
  await page.unroute('**/api/v1/events');
  await live.waitFor({ state: 'attached' });
  await lost.waitFor({ state: 'detached' });
  await row(missed).waitFor();
  await desk.close();
  await evening.over();
});

test('seven tabs of one browser all live, over one line', async () => {
  const evening = await Evening.come('七页分所');
  const desk = await Desk.open(browser);
  await desk.signInAs(evening.secretary);
  const id = await evening.phones.in.lead('七页的客户');
  const row = (page: Page, record: string) => page.locator(`a.row-link[href$="${record}"]`);
  const tabs = [desk.page];
  while (tabs.length < 7) tabs.push(await desk.context.newPage());
  for (const page of tabs) {
    await page.goto('/records');
    await row(page, id).waitFor();
    await page.locator('.live[data-standing=live]').waitFor({ state: 'attached' });
  }
  const next = await evening.phones.in.lead('大家都看到的客户');
  await Promise.all(tabs.map((page) => row(page, next).waitFor()));
  // The first tab had the line; whoever has it now tells the others.
  await desk.page.close();
  const last = await evening.phones.in.lead('交接以后的客户');
  await Promise.all(tabs.slice(1).map((page) => row(page, last).waitFor()));
  await desk.close();
  await evening.over();
});

test('two reviewers at one record see each other come and go', async () => {
  const [one, other] = [await Desk.open(browser), await Desk.open(browser)];
  await one.signIn('reviewer');
  await other.signIn('hq_admin');
  const { name } = await other.ask<{ name: string }>('/api/v1/me');
  const { id } = first(await lines(one, 'state=received'));
  await one.page.goto(`/records/${id}`);
  await one.page.locator('.live[data-standing=live]').waitFor({ state: 'attached' });
  await one.page.getByRole('heading', { level: 1 }).waitFor();
  const company = one.page.getByText(`Also open at: ${name}`);
  expect(await company.count()).toBe(0);
  await other.page.goto(`/records/${id}`);
  await company.waitFor();
  await other.page.getByRole('link', { name: 'Records' }).click();
  await company.waitFor({ state: 'detached' });
  await other.close();
  await one.close();
});

test('a session that is ended elsewhere ends the page too', async () => {
  const evening = await Evening.come('下线分所');
  const [here, elsewhere] = [await Desk.open(browser), await Desk.open(browser)];
  await here.signInAs(evening.secretary);
  await here.page.locator('.live[data-standing=live]').waitFor({ state: 'attached' });
  await elsewhere.signInAs(evening.secretary);
  await elsewhere.page.goto('/account');
  const sessions = elsewhere.page.getByRole('region', { name: 'Where you are signed in' }).locator('tbody tr');
  await expect.poll(() => sessions.count()).toBe(2);
  await elsewhere.page.getByRole('button', { name: /^End: / }).click();
  await here.page.waitForURL('**/sign-in**');
  await expect.poll(() => sessions.count()).toBe(1);
  await here.close();
  await elsewhere.close();
  await evening.over();
});
