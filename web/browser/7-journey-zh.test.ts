import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, openBrowser, record } from './desk.ts';
import { Evening } from './evening.ts';

let browser: Browser;
let evening: Evening;
beforeAll(async () => {
  browser = await openBrowser();
  evening = await Evening.come('中文分所');
});
afterAll(async () => {
  await evening.over();
  await browser.close();
});

test('an evening in Chinese: the conflict is settled, the stale decision refused, the day closed', async () => {
  const desk = await Desk.open(browser, { locale: 'zh-CN', zone: evening.zone });
  const colleague = await Desk.open(browser, { locale: 'zh-CN' });
  await colleague.signIn('reviewer');
  await desk.signIn('hq_admin');
  const { page } = desk;
  const menu = (name: string) => page.getByRole('navigation', { name: '菜单' }).getByRole('link', { name, exact: true });

  // The lead in conflict is found and resolved.
  const disputed = await evening.phones.in.lead('有争议的客户');
  await colleague.tell('PATCH', `/api/v1/records/${disputed}/facts`, { facts: { name: '总部写的姓名' } });
  await evening.phones.in.rename(disputed, '手机写的姓名');
  await menu('记录').click();
  await page.getByPlaceholder('姓名、文字或电话尾号').fill('写的姓名');
  await page.keyboard.press('Enter');
  await page.getByLabel('冲突', { exact: true }).click();
  await page.getByTitle('有冲突', { exact: true }).click();
  await page.locator(`a.row-link[href$="${disputed}"]`).click();
  const conflicts = page.getByRole('region', { name: '并发值' });
  await conflicts.locator('.claim', { hasText: '手机写的姓名' }).getByRole('button', { name: '采用此值' }).click();
  await page.getByText('已解决：').waitFor();
  await page.getByRole('heading', { name: '手机写的姓名', level: 1 }).waitFor();
  expect((await record(desk, disputed)).line).toMatchObject({ conflicts: 0, title: '手机写的姓名' });

  // The second reviewer's decision is refused with what changed, and taken after a look.
  await desk.goDeaf();
  await page.reload();
  const approve = page.getByRole('button', { name: '通过' });
  await approve.waitFor();
  await colleague.tell('PATCH', `/api/v1/records/${disputed}/facts`, { facts: { occupation: '飞行员' } });
  await approve.click();
  const stale = page.getByRole('alert').filter({ hasText: '您查看期间，记录已有变动' });
  await stale.getByText('您的裁决或更正未生效').waitFor();
  await stale.getByText('飞行员').waitFor();
  expect((await record(desk, disputed)).line.review).toBe('received');
  await stale.getByRole('button', { name: '我已看过' }).click();
  await approve.click();
  await page.getByRole('button', { name: '重新打开' }).waitFor();
  expect((await record(desk, disputed)).line.review).toBe('approved');
  await page.unroute('**/api/v1/events');

  // The day is closed with two phones missing.
  await menu('今日').click();
  await page.getByTitle('中文分所的缺报手机').click();
  await page.getByText('2 部手机缺报').waitFor();
  await page.getByRole('button', { name: '日结', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '封存并日结' }).click();
  expect(await dialog.getByText('请说明原因。').count()).toBe(2);
  await dialog.getByLabel('全部相同').fill('轮');
  await page.locator('.ant-select-item-option').getByText('轮休', { exact: true }).filter({ visible: true }).click();
  await dialog.getByRole('button', { name: '封存并日结' }).click();
  await page.waitForURL(`**${evening.board}/statements/0`);
  const paper = page.getByRole('article');
  await paper.getByRole('heading', { name: '日结单', level: 2 }).waitFor();
  expect(await paper.getByText('轮休', { exact: true }).count()).toBe(2);
  await desk.close();
  await colleague.close();
});
