import { expect } from 'vitest';
import { readSheet } from 'read-excel-file/node';
import { contentsOf, first, lines, record, type Desk } from './desk.ts';
import type { Evening } from './evening.ts';
import { Handset } from './handset.ts';
import type { Hands } from './hands.ts';
import { scan } from './qr.ts';
import type { Words } from './words.ts';

/** Somebody at head quarters who works through an evening, in one language and with one pair of hands. */
export interface Traveller {
  desk: Desk;
  /** Another reviewer, who decides and writes meanwhile. */
  colleague: Desk;
  evening: Evening;
  hands: Hands;
  t: Words;
}

type MenuEntry = 'days' | 'records' | 'people';

async function go({ desk: { page }, hands, t }: Traveller, entry: MenuEntry): Promise<void> {
  const menu = page.getByRole('navigation', { name: t('app.menu') });
  await hands.use(menu.getByRole('link', { name: t(`menu.${entry}`), exact: true }));
  await page.waitForURL(`**/${entry}`);
  // Where screen readers go on.
  await page.locator('.page-head h1:focus').waitFor();
}

async function seek(traveller: Traveller, text: string): Promise<void> {
  const { page } = traveller.desk;
  await go(traveller, 'records');
  await traveller.hands.write(page.getByPlaceholder(traveller.t('records.searchHint')), text);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/records?text=**');
}

/** Gives the reason that a dialog asks for. */
async function reason({ desk: { page }, hands }: Traveller, words: string): Promise<void> {
  await page.locator('textarea#reason:focus').waitFor();
  await page.keyboard.type(words);
  await hands.send(page.getByRole('dialog'));
}

const head = ({ desk: { page } }: Traveller, name: string) => page.locator('.page-head').getByRole('button', { name });
const openRecord = ({ desk: { page }, hands }: Traveller, id: string) => hands.use(page.locator(`a.row-link[href$="${id}"]`));
const reviewOf = async (desk: Desk, id: string) => (await record(desk, id)).line.review;

/** The evening is followed while phones sync. The answer is the lead that came in. */
export async function follow(traveller: Traveller, customer: string): Promise<string> {
  const { desk, evening, t } = traveller;
  await go(traveller, 'days');
  const office = desk.page.locator('tbody tr').filter({ hasText: evening.name });
  const records = office.getByTitle(t('days.recordsOf', { name: evening.name }));
  expect(await records.innerText()).toBe('0');
  const lead = await evening.phones.in.lead(customer);
  await records.getByText('1', { exact: true }).waitFor();
  return lead;
}

/** The lead in conflict is found and resolved. */
export async function resolve(traveller: Traveller, lead: string): Promise<void> {
  const { desk, colleague, evening, hands, t } = traveller;
  const { page } = desk;
  await colleague.tell('PATCH', `/api/v1/records/${lead}/facts`, { facts: { name: '总部的写法' } });
  await evening.phones.in.rename(lead, '手机的写法');
  await seek(traveller, '写法');
  await hands.use(page.locator(`a.mark-conflict[href*="${lead}"]`));
  const conflicts = page.getByRole('region', { name: t('record.conflicts') });
  const claim = conflicts.locator('.claim', { hasText: '手机的写法' });
  await hands.use(claim.getByRole('button', { name: t('record.take') }));
  await page.getByText(t('record.settled', { field: t('field.name', { ns: 'terms' }) })).waitFor();
  await page.getByRole('heading', { name: '手机的写法', level: 1 }).waitFor();
  expect((await record(desk, lead)).line).toMatchObject({ conflicts: 0, title: '手机的写法' });
}

/** A record is returned, and comes back corrected. The answer is that record, which is still on the screen. */
export async function sendBack(traveller: Traveller, corrected: string): Promise<string> {
  const { desk, evening, hands, t } = traveller;
  const { page } = desk;
  const lead = await evening.phones.in.lead('待改的客户');
  await seek(traveller, '待改的客户');
  await openRecord(traveller, lead);
  await hands.use(head(traveller, t('record.return')));
  await reason(traveller, '请改姓名');
  await page.locator('.verdict-note').getByText('请改姓名').waitFor();
  expect(await reviewOf(desk, lead)).toBe('returned');
  await evening.phones.in.rename(lead, corrected);
  const stale = page.getByRole('alert').filter({ hasText: t('record.stale') });
  await stale.getByText(corrected).waitFor();
  await hands.use(stale.getByRole('button', { name: t('record.understood') }));
  await stale.waitFor({ state: 'detached' });
  await page.locator('#main[aria-busy=false]').waitFor();
  return lead;
}

/** The second reviewer's decision rests on what was looked at, and is refused otherwise. */
export async function decideTooLate(traveller: Traveller, lead: string): Promise<void> {
  const { desk, colleague, hands, t } = traveller;
  const { page } = desk;
  const approve = head(traveller, t('record.approve')).and(page.locator(':enabled'));
  await desk.goDeaf();
  await page.reload();
  await approve.waitFor();
  await colleague.tell('PATCH', `/api/v1/records/${lead}/facts`, { facts: { occupation: '飞行员' } });
  await hands.use(approve);
  const stale = page.getByRole('alert').filter({ hasText: t('record.stale') });
  await stale.getByText('飞行员').waitFor();
  await stale.getByText(t('record.staleLead')).waitFor();
  expect(await reviewOf(desk, lead)).toBe('returned');
  await hands.use(stale.getByRole('button', { name: t('record.understood') }));
  await hands.use(approve);
  await head(traveller, t('record.reopen')).waitFor();
  expect(await reviewOf(desk, lead)).toBe('approved');
  await page.unroute('**/api/v1/events');
}

/** Clean records are approved together, those that are chosen. */
export async function approveTogether(traveller: Traveller): Promise<void> {
  const { desk, hands, t } = traveller;
  const { page } = desk;
  const unflagged = (await lines(desk, 'state=received&conflict=false&kind=visit&limit=200')).filter(({ flags }) => flags.length === 0);
  const details = await Promise.all(unflagged.map(({ id }) => record(desk, id)));
  const { line: chosen } = first(details, ({ flags }) => flags.length === 0);
  await seek(traveller, chosen.title);
  await hands.use(page.locator(`tr[data-row-key="${chosen.id}"] input[type=checkbox]`), 'Space');
  await hands.use(page.locator('.list-foot').getByRole('button', { name: t('records.approveClean', { count: 1 }) }));
  const asks = page.getByRole('dialog').filter({ hasText: t('records.approveCleanTitle', { count: 1 }) });
  await hands.use(asks.locator('.ant-btn-primary'));
  await expect.poll(() => reviewOf(desk, chosen.id)).toBe('approved');
}

/** The day is closed with two phones missing, though not without saying why. */
export async function closeDay(traveller: Traveller): Promise<void> {
  const { desk, evening, hands, t } = traveller;
  const { page } = desk;
  await go(traveller, 'days');
  await hands.use(page.getByTitle(t('days.missingOf', { name: evening.name })));
  await page.getByText(t('board.missing', { count: 2 })).waitFor();
  await hands.use(head(traveller, t('board.close')));
  const dialog = page.getByRole('dialog');
  await page.locator('#reason-for-all:focus').waitFor();
  await hands.send(dialog);
  await dialog.getByText(t('closing.unexplained')).nth(1).waitFor();
  // One of the common reasons, and other words for the last phone.
  const rest = t('excuse.rest', { ns: 'terms' });
  await hands.pick(dialog.getByLabel(t('closing.forAll')), rest);
  const last = dialog.getByLabel(t('closing.reasonOf', { person: '郑好', phone: '郑好的手机' }));
  await expect.poll(() => last.inputValue()).toBe(rest);
  await hands.write(last, '在家休息');
  await hands.send(dialog);
  await page.waitForURL(`**${evening.board}/statements/0`);
  const paper = page.getByRole('article');
  await paper.getByRole('heading', { name: t('statement.statement'), level: 2 }).waitFor();
  for (const why of [rest, '在家休息']) await paper.getByText(why, { exact: true }).waitFor();
}

/** What comes late stands in the tray, and makes a supplement, which is printed. The answer is the late lead. */
export async function supplement(traveller: Traveller, customer: string): Promise<string> {
  const { desk, evening, hands, t } = traveller;
  const { page } = desk;
  const late = await evening.phones.second.lead(customer);
  await hands.use(page.getByRole('link', { name: t('statement.toBoard') }));
  const tray = page.getByRole('region', { name: t('late.title') });
  await tray.locator(`a[href$="${late}"]`).waitFor();
  await hands.use(tray.getByRole('button', { name: t('late.supplement') }));
  await reason(traveller, '手机刚有网络');
  await page.waitForURL(`**${evening.board}/statements/1`);
  await page.getByRole('article').getByText('手机刚有网络').waitFor();
  const printed = page.evaluate(() => new Promise<void>((done) => (window.print = done)));
  await hands.use(head(traveller, t('statement.print')));
  await printed;
  return late;
}

/** A phone is enrolled by the code on the screen for whoever made a record, and their old one cut off. The answer is the
 * first lead of the new phone. */
export async function replacePhone(traveller: Traveller, of: string, customer: string): Promise<string> {
  const { desk, hands, t } = traveller;
  const { page } = desk;
  const { owner } = (await record(desk, of)).line;
  await go(traveller, 'people');
  await hands.write(page.getByPlaceholder(t('people.name')), '郑好');
  await hands.use(page.locator(`a[href$="/devices?person=${owner}"]`));
  await page.locator('.page-head h1:focus').getByText(t('devices.of', { name: '郑好' })).waitFor();
  await hands.use(head(traveller, t('enrol.action')));
  const dialog = page.getByRole('dialog');
  await hands.use(dialog.getByRole('button', { name: t('enrol.issue') }));
  const said = new URL(await scan(dialog.getByTestId('invitation-qr')));
  const fresh = await Handset.redeem(said.hash.slice(1), '新发的手机');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await hands.use(page.getByRole('button', { name: `${t('devices.revoke')}: 郑好的手机` }));
  await hands.use(dialog.getByRole('button', { name: t('devices.revoke') }));
  const row = (label: string) => page.locator('tbody tr').filter({ hasText: label });
  // It has handed in everything, so it may be more than cut off by now.
  await row('郑好的手机').getByText(t('devices.status.revoked'), { exact: false }).waitFor();
  const lead = await fresh.lead(customer);
  await row('新发的手机').getByText(t('devices.status.active')).waitFor();
  await fresh.away();
  return lead;
}

/** What the server calls the column of titles in a file; its words are its own. */
const TITLE = /^(Title|名称)$/;

/** The list is taken away as a spreadsheet, with these records by their titles in it. */
export async function takeAway(traveller: Traveller, text: string, expected: Record<string, string>): Promise<void> {
  const { desk, hands, t } = traveller;
  const { page } = desk;
  await seek(traveller, text);
  await hands.use(head(traveller, t('files.export')));
  const excel = page.getByRole('dialog').getByRole('button', { name: t('files.xlsx') });
  const [download] = await Promise.all([page.waitForEvent('download'), hands.use(excel)]);
  const [heading = [], ...rows] = await readSheet(await contentsOf(download));
  const title = heading.findIndex((name) => TITLE.test(String(name)));
  const taken = new Map(rows.map((cells) => [cells[0], cells[title]]));
  for (const [id, called] of Object.entries(expected)) expect(taken.get(id)).toBe(called);
}
