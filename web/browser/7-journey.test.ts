import type { Browser, Page } from 'playwright-core';
import { readSheet } from 'read-excel-file/node';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { contentsOf, Desk, first, lines, openBrowser, record, type Line } from './desk.ts';
import { Evening } from './evening.ts';
import { Handset } from './handset.ts';
import { signInByKeys, tabTo, use } from './keyboard.ts';
import { scan } from './qr.ts';

let browser: Browser;
let evening: Evening;
beforeAll(async () => {
  browser = await openBrowser();
  evening = await Evening.come('全程分所');
});
afterAll(async () => {
  await evening.over();
  await browser.close();
});

const APPROVE = '.page-head button:has(.anticon-check)';
const RETURN = '.page-head button:has(.anticon-rollback)';
const DIALOG_YES = '.ant-modal-footer .ant-btn-primary';

/** Gives the reason that a dialog asks for. */
async function reason(page: Page, words: string): Promise<void> {
  await page.locator('textarea#reason:focus').waitFor();
  await page.keyboard.type(words);
  await page.keyboard.press('Control+Enter');
}

test('a whole evening of head quarters without a mouse', async () => {
  // Head quarters sits where it is evening too: its own day is the office's, whenever this runs.
  const desk = await Desk.open(browser, { zone: evening.zone });
  const colleague = await Desk.open(browser);
  await colleague.signIn('reviewer');
  const { page } = desk;
  const { keyboard } = page;
  const phone = evening.phones.in;
  const go = async (menu: string) => {
    await use(page, `nav a[href="${menu}"]`);
    await page.waitForURL(`**${menu}`);
    // Where screen readers go on.
    await page.locator('.page-head h1:focus').waitFor();
  };
  const seek = async (title: string) => {
    await go('/records');
    await use(page, '.filters .search input', 'ControlOrMeta+a');
    await keyboard.type(title);
    await keyboard.press('Enter');
    await page.waitForURL('**/records?text=**');
  };

  await signInByKeys(page, inject('house').staff.hq_admin!);
  await page.locator('.page-head h1:focus').waitFor();

  // The evening is followed while phones sync.
  await go('/days');
  const office = page.locator('tbody tr').filter({ hasText: '全程分所' });
  const records = office.getByTitle('Records of 全程分所');
  expect(await records.innerText()).toBe('0');
  const disputed = await phone.lead('有争议的客户');
  await records.getByText('1', { exact: true }).waitFor();

  // The lead in conflict is found and resolved.
  await colleague.tell('PATCH', `/api/v1/records/${disputed}/facts`, { facts: { name: '总部的写法' } });
  await phone.rename(disputed, '手机的写法');
  await seek('写法');
  await use(page, `a.mark-conflict[href*="${disputed}"]`);
  await use(page, '.conflict button');
  await page.getByText('Settled:').waitFor();
  expect((await record(desk, disputed)).line.conflicts).toBe(0);

  // A record is returned, and comes back corrected.
  const incomplete = await phone.lead('待改的客户');
  await seek('待改的客户');
  await use(page, `a.row-link[href$="${incomplete}"]`);
  await use(page, RETURN);
  await reason(page, '请改姓名');
  await page.locator('.verdict-note').getByText('请改姓名').waitFor();
  await phone.rename(incomplete, '改好的客户');
  await page.locator('.stale').getByText('改好的客户').waitFor();

  // The second reviewer's decision rests on what was looked at, and is refused otherwise.
  await use(page, '.stale .ant-btn-primary');
  await page.locator('.stale').waitFor({ state: 'detached' });
  await page.locator('#main[aria-busy=false]').waitFor();
  await desk.goDeaf();
  await page.reload();
  await page.locator(`${APPROVE}:enabled`).waitFor();
  await colleague.tell('PATCH', `/api/v1/records/${incomplete}/facts`, { facts: { occupation: '飞行员' } });
  await use(page, APPROVE);
  await page.locator('.stale').getByText('What you decided or wrote was not taken.').waitFor();
  expect((await record(desk, incomplete)).line.review).toBe('returned');
  await use(page, '.stale .ant-btn-primary');
  await use(page, `${APPROVE}:enabled`);
  await expect.poll(async () => (await record(desk, incomplete)).line.review).toBe('approved');
  await page.unroute('**/api/v1/events');

  // Clean records are approved together, those that are chosen.
  const isClean = ({ flags }: Line) => flags.length === 0;
  const chosen = first(await lines(desk, 'state=received&conflict=false&kind=visit&limit=200'), isClean);
  await seek(chosen.title);
  await use(page, `tr[data-row-key="${chosen.id}"] input[type=checkbox]`, 'Space');
  await use(page, '.list-foot .ant-btn-primary:enabled');
  await page.locator('.ant-modal-confirm-title').getByText('Approve 1 record?').waitFor();
  await keyboard.press('Enter');
  await expect.poll(async () => (await record(desk, chosen.id)).line.review).toBe('approved');

  // The day is closed with two phones missing.
  await go('/days');
  await use(page, `tbody a[href="${evening.board}?missing=true"]`);
  await page.getByText('2 phones are missing').waitFor();
  await use(page, '.page-head .ant-btn-primary');
  await page.locator('#reason-for-all:focus').waitFor();
  // One of the common reasons by the arrow keys, and other words for the last phone.
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  const reasons = page.getByRole('dialog').getByLabel(/^Reason: /);
  await expect.poll(() => reasons.first().inputValue()).not.toBe('');
  const common = await reasons.first().inputValue();
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type('在家休息');
  await keyboard.press('Control+Enter');
  await page.waitForURL(`**${evening.board}/statements/0`);
  for (const why of [common, '在家休息']) await page.locator('.paper').getByText(why).waitFor();

  // What comes late stands in the tray, and makes a supplement, which is printed.
  const late = await evening.phones.second.lead('迟到的客户');
  await use(page, `a[href$="${evening.board}"]`);
  await page.locator(`#late a[href$="${late}"]`).waitFor();
  await use(page, '#late button');
  await reason(page, '手机刚有网络');
  await page.waitForURL(`**${evening.board}/statements/1`);
  await page.locator('.paper').getByText('手机刚有网络').waitFor();
  const printed = page.evaluate(() => new Promise<void>((done) => (window.print = done)));
  await use(page, '.page-head button:has(.anticon-printer)');
  await printed;

  // A phone is enrolled by the code on the screen, and another one cut off.
  const { owner } = (await record(desk, late)).line;
  await go('/people');
  await use(page, '.filters .search input', 'ControlOrMeta+a');
  await keyboard.type('郑好');
  await use(page, `a[href$="/devices?person=${owner}"]`);
  await page.locator('.page-head h1:focus').getByText('Devices of 郑好').waitFor();
  await use(page, '.page-head .end button');
  await use(page, DIALOG_YES);
  const said = new URL(await scan(page.getByRole('dialog').getByTestId('invitation-qr')));
  const fresh = await Handset.redeem(said.hash.slice(1), '新发的手机');
  await keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await use(page, 'button[aria-label="Revoke: 郑好的手机"]');
  await use(page, '.ant-modal-footer .ant-btn-dangerous');
  const row = (label: string) => page.locator('tbody tr').filter({ hasText: label });
  await row('郑好的手机').getByText('Cut off', { exact: false }).waitFor();
  await fresh.lead('新手机的客户');
  await row('新发的手机').getByText('Active').waitFor();
  await fresh.away();

  // The list is taken away as a spreadsheet.
  await seek('客户');
  await use(page, '.page-head button:has(.anticon-download)');
  await page.getByRole('dialog').getByText(/^\d+ records? of this list/).waitFor();
  await tabTo(page, `${DIALOG_YES}:last-child`);
  const [download] = await Promise.all([page.waitForEvent('download'), keyboard.press('Enter')]);
  const [heading = [], ...rows] = await readSheet(await contentsOf(download));
  const titles = rows.map((cells) => cells[heading.indexOf('Title')]);
  expect(titles).toEqual(expect.arrayContaining(['改好的客户', '迟到的客户', '新手机的客户']));
  await colleague.close();
  await desk.close();
});
