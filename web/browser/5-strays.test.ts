import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, openBrowser, record } from './desk.ts';
import { Handset } from './handset.ts';
import { signInByKeys, use } from './keyboard.ts';
import { LoneServer } from './lone-server.ts';
import { Looker } from './look.ts';

let browser: Browser;
let server: LoneServer;
beforeAll(async () => {
  browser = await openBrowser();
  server = await LoneServer.start();
});
afterAll(async () => {
  await server.away();
  await browser.close();
});

test('what the server has lost and a colleague’s phone brings back is adopted and set away by keys', async () => {
  await server.admin('organisation', 'create', '--name', '远方地产');
  const { id: office } = await server.admin('office', 'create', '--name', '总部旁', '--time-zone', 'Asia/Shanghai');
  const { id: team } = await server.admin('team', 'create', '--office', office, '--name', '一队');
  const hire = (name: string, role: string, ...more: string[]) =>
    server.admin<{ id: string; password: string }>('person', 'create', '--name', name, '--role', role, ...more);
  const { password } = await hire('总部', 'hq_admin', '--login', 'headquarters');
  const phoneOf = async (name: string, role: string) => {
    const { id } = await hire(name, role, '--team', team);
    const { code } = await server.admin<{ code: string }>('code', 'issue', '--person', id);
    return Handset.redeem(code, `${name}的手机`, 'Asia/Shanghai', server.url);
  };
  const promoter = await phoneOf('林雪', 'promoter');
  const supervisor = await phoneOf('高磊', 'supervisor');

  // The last backup knows the customer and not the new names. The supervisor's phone has them; the promoter's is lost
  // before it hears of the restore.
  const lead = await promoter.lead('王先生');
  await supervisor.sync();
  await server.backUp();
  await promoter.rename(lead, '王先生，南门');
  await promoter.rename(lead, '王先生，北门');
  await supervisor.sync();
  await server.restore();
  await promoter.away();
  supervisor.follow(server.url);
  await supervisor.sync();

  const desk = await Desk.open(browser, { url: server.url });
  const { page } = desk;
  await signInByKeys(page, { login: 'headquarters', password });
  expect((await record(desk, lead)).line.title).toBe('王先生');
  await use(page, 'nav a[href="/strays"]');
  const names = page.locator('tbody');
  await names.getByText('王先生，北门').waitFor();
  await names.getByText('王先生，南门').waitFor();
  expect(await names.getByText('林雪').count()).toBe(2);
  const looker = await Looker.at(desk);
  for (const _ of ['English', '中文']) {
    await looker.look('strays-waiting');
    await looker.change();
  }
  const strays = await desk.ask<{ items: { id: number; record: string }[] }>('/api/v1/strays');
  // The newest comes first.
  const [newer, older] = strays.items.map(({ id }) => id);
  await use(page, `button[aria-describedby=stray-${older}].ant-btn-primary`);
  await page.getByRole('dialog').waitFor();
  await use(page, '.ant-modal-footer .ant-btn-primary');
  await page.getByText('Adopted.').waitFor();
  await page.locator(`#stray-${older}`).waitFor({ state: 'detached' });
  expect((await record(desk, lead)).line.title).toBe('王先生，南门');
  await use(page, `button[aria-describedby=stray-${newer}].ant-btn-dangerous`);
  await page.locator('textarea#reason:focus').waitFor();
  await page.keyboard.type('重复的变更');
  await page.keyboard.press('Control+Enter');
  await page.getByText('No strays').waitFor();
  expect((await record(desk, lead)).line.title).toBe('王先生，南门');
  await desk.close();
  await supervisor.away();
});
