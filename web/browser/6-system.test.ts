import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, openBrowser } from './desk.ts';
import { Evening } from './evening.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

test('the storm of the evening is seen while it goes on, and what is set aside leads to where it lies', async () => {
  const evening = await Evening.come('风暴分所');
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signIn('auditor');
  await page.getByRole('link', { name: 'System' }).click();
  const storm = page.getByRole('region', { name: 'Exchanges of phones in each minute of the last hour' });
  const said = async () => Number((await storm.getByRole('status').innerText()).split(' ')[0]?.replaceAll(',', ''));
  await storm.locator('canvas').waitFor();
  const before = await said();
  await evening.phones.in.lead('风暴中的客户');
  await expect.poll(said).toBeGreaterThan(before);
  await page.getByRole('region', { name: 'Stored' }).getByText('SQLite').waitFor();
  await page.getByRole('region', { name: 'Stored' }).locator('a[href="/photos"]').waitFor();
  // What waits to be judged leads to where it is listed.
  await page.getByRole('region', { name: 'From received to published' }).getByRole('link').first().click();
  await page.waitForURL('**/quarantine?state=received');
  await page.getByText('Not judged yet').waitFor();
  await page.goBack();
  await page.getByRole('region', { name: 'Set aside' }).getByRole('link').first().click();
  await page.waitForURL('**/quarantine?state=quarantined');
  await desk.close();
  await evening.over();
});

test('of several servers the figures of the last hour are said to be those of one', async () => {
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signIn('auditor');
  const storm = page.getByRole('region', { name: 'Exchanges of phones in each minute of the last hour' });
  for (const [servers, said] of [[1, 0], [3, 1]] as const) {
    await page.route('**/api/v1/system', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), servers } });
    });
    await page.goto('/system');
    await storm.locator('canvas').waitFor();
    expect(await storm.getByText(`there are ${servers} on the database`).count()).toBe(said);
    await page.unroute('**/api/v1/system');
  }
  await desk.close();
});

test('a role that does not run the server is not shown it', async () => {
  const desk = await Desk.open(browser);
  await desk.signIn('reviewer');
  await desk.page.getByRole('navigation').getByRole('link').first().waitFor();
  expect(await desk.page.getByRole('link', { name: 'System' }).count()).toBe(0);
  await desk.page.goto('/system');
  await desk.page.getByRole('alert').getByText('Your role may not do this').waitFor();
  await desk.close();
});
