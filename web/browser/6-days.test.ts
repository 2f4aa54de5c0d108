import type { Browser, Locator, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentsOf, Desk, openBrowser } from './desk.ts';
import { Evening } from './evening.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

interface Sealed {
  number: number;
  body: string;
  signature: string;
  key: string;
  statement: { total: { lead: number }; reason: string | null; missing: { reason: string }[]; records: string[] };
}

const sealed = (desk: Desk, evening: Evening, number: number) =>
  desk.ask<Sealed>(`/api/v1${evening.board}/statements/${number}`);

/** Lets a page see the board as it is now until it tries to close the day: what happens meanwhile is news to it. */
async function hold(desk: Desk, evening: Evening): Promise<void> {
  const board = `/api/v1${evening.board}`;
  const json = await desk.ask<object>(board);
  const held = (route: Route) => route.fulfill({ json });
  await desk.page.route(`**${board}`, held);
  desk.page.once('request', function letGo(request) {
    if (request.method() === 'POST') void desk.page.unroute(`**${board}`, held);
    else desk.page.once('request', letGo);
  });
}

const rowOf = (page: Page, name: string): Locator => page.locator('tbody tr').filter({ hasText: name });

test('the secretary closes the day with two phones missing, and seals what comes late', async () => {
  const evening = await Evening.come('傍晚分所');
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signInAs(evening.secretary);
  await page.getByRole('link', { name: 'Today' }).click();
  await page.getByRole('heading', { name: 'Today' }).waitFor();
  const office = rowOf(page, '傍晚分所');
  await office.getByText('Open', { exact: true }).waitFor();
  // The page follows the evening by itself.
  const records = office.getByTitle('Records of 傍晚分所');
  expect(await records.innerText()).toBe('0');
  const first = await evening.phones.in.lead('按时登记');
  await records.getByText('1', { exact: true }).waitFor();
  await office.getByTitle('Missing phones of 傍晚分所').click();

  // The board, with the missing phones only.
  await page.waitForURL(`**${evening.board}?missing=true`);
  await page.getByText('2 phones are missing').waitFor();
  expect(await page.getByText('Has never exchanged').count()).toBe(2);
  expect(await rowOf(page, '周末').count()).toBe(0);
  await page.getByLabel('Missing only').uncheck();
  await rowOf(page, '周末').getByRole('link', { name: '1', exact: true }).first().click();
  await page.waitForURL('**/records?**');
  await page.locator(`a.row-link[href$="${first}"]`).waitFor();
  await page.goBack();

  // A reason for each.
  await page.getByRole('button', { name: 'Close the day' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('1 record', { exact: false }).first().waitFor();
  await dialog.getByRole('button', { name: 'Seal and close' }).click();
  expect(await dialog.getByText('Say why.').count()).toBe(2);
  await dialog.getByLabel('The same for all').fill('在山里，没有网络');
  const second = dialog.getByLabel('Reason: 郑好, 郑好的手机');
  expect(await second.inputValue()).toBe('在山里，没有网络');
  await second.click();
  await second.fill('');
  await page.locator('.ant-select-item-option').getByText('Battery empty').filter({ visible: true }).click();
  await dialog.getByRole('button', { name: 'Seal and close' }).click();

  await page.waitForURL(`**${evening.board}/statements/0`);
  await page.getByRole('heading', { name: 'Statement of the day' }).waitFor();
  await page.locator('.paper').getByText('Battery empty').waitFor();
  const closed = await sealed(desk, evening, 0);
  expect(closed.statement.missing.map(({ reason }) => reason).sort()).toEqual(['Battery empty', '在山里，没有网络'].sort());
  expect(closed.statement.records).toEqual([first]);
  await page.locator('.paper').getByText(closed.signature).waitFor();

  // Its numbers lead to what it counts.
  await page.getByRole('link', { name: 'Leads of Total: 1' }).click();
  await page.waitForURL('**/records?**sealed_in=0**');
  await page.getByText('Counted in the statement').waitFor();
  await page.locator(`a.row-link[href$="${first}"]`).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Statement of the day' }).waitFor();

  // The file is the signed bytes, so that anybody can check them.
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Signed file' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`傍晚分所_${evening.day}_0.json`);
  const { body, signature, key } = closed;
  expect(JSON.parse((await contentsOf(download)).toString())).toEqual({ body, signature, key });

  // What comes late stands in the tray, and makes a supplement.
  const late = await evening.phones.first.lead('迟到的客户');
  const gone = await evening.phones.second.lead('转走的客户');
  const chief = await Desk.open(browser);
  await chief.signIn('hq_admin');
  const offices = await chief.ask<{ id: string }[]>('/api/v1/offices');
  const elsewhere = offices.find(({ id }) => id !== evening.office)?.id;
  await chief.tell('POST', `/api/v1/records/${gone}/assignment`, { office: elsewhere });
  await chief.close();
  await page.getByRole('link', { name: 'To the day' }).click();
  const tray = page.getByRole('region', { name: 'Late tray' });
  await tray.locator(`a[href$="${late}"]`).getByText('迟到的客户').waitFor();
  // The number of one person shows what it counts, wherever that went since.
  await page.getByTitle('Late of 郑好').click();
  await tray.getByText('1 record', { exact: true }).waitFor();
  expect(await tray.locator('.row-link').allInnerTexts()).toEqual(['转走的客户']);
  await tray.getByText('Made by 郑好').waitFor();
  // So do its other numbers, though the list has no longer what another office has.
  await page.getByTitle('Leads of 郑好').click();
  await page.getByText('The board counts 1 more record, which another office has by now.').waitFor();
  expect(await page.locator(`a.row-link[href$="${gone}"]`).count()).toBe(0);
  await page.goBack();
  await tray.getByRole('link', { name: 'Show all' }).click();
  await tray.getByText('2 records', { exact: true }).waitFor();
  await tray.getByRole('button', { name: 'Make a supplement' }).click();
  await dialog.getByText('Late now: records 2, arrivals and deals 0').waitFor();
  let asked = 0;
  page.on('request', (request) => (asked += Number(request.url().endsWith('/supplements'))));
  await dialog.getByLabel('Reason').fill('隧道里没有网络');
  await page.keyboard.press('Control+Enter');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(`**${evening.board}/statements/1`);
  expect(asked).toBe(1);
  await page.getByRole('heading', { name: 'Supplement 1 to the statement of the day' }).waitFor();
  await page.locator('.paper').getByText('隧道里没有网络').waitFor();
  expect((await sealed(desk, evening, 1)).statement.records.toSorted()).toEqual([late, gone].toSorted());
  expect((await sealed(desk, evening, 0)).body).toBe(closed.body);

  // On paper there is the statement and nothing of the console around it.
  await page.emulateMedia({ media: 'print' });
  expect(await page.locator('.paper').isVisible()).toBe(true);
  expect(await page.getByRole('navigation').filter({ visible: true }).count()).toBe(0);
  expect(await page.getByRole('button').filter({ visible: true }).count()).toBe(0);
  const paper = await page.pdf({ preferCSSPageSize: true });
  // A4 in points, as the file says it.
  expect(paper.toString('latin1')).toMatch(/\/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]/);
  await desk.close();
  await evening.over();
});

test('reasons are written by keys: common ones neither keep the tab key nor take the place of what is written', async () => {
  const evening = await Evening.come('按键分所');
  const desk = await Desk.open(browser);
  const { page } = desk;
  const { keyboard } = page;
  await desk.signInAs(evening.secretary);
  await page.goto(evening.board);
  await page.getByRole('button', { name: 'Close the day' }).click();
  await page.locator('#reason-for-all:focus').waitFor();
  const offered = (reason: string) =>
    page.locator('.ant-select-item-option').getByText(reason, { exact: true }).filter({ visible: true }).waitFor();
  const reasons = page.getByRole('dialog').getByLabel(/^Reason: /);
  const focused = (at: number) => reasons.nth(at).evaluate((field) => field === document.activeElement);

  // What is written begins like a common reason.
  await keyboard.type('Day');
  await offered('Day off');
  await keyboard.press('Tab');
  expect(await focused(0)).toBe(true);
  expect(await reasons.evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value))).toEqual(['Day', 'Day']);
  await keyboard.press('Tab');
  expect(await focused(1)).toBe(true);
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type('On');
  await offered('On leave');
  // Whoever presses the keys twice asks once.
  let asked = 0;
  page.on('request', (request) => (asked += Number(request.url().endsWith('/close'))));
  await keyboard.press('Control+Enter');
  await keyboard.press('Control+Enter');
  await page.waitForURL(`**${evening.board}/statements/0`);
  expect(asked).toBe(1);
  expect((await sealed(desk, evening, 0)).statement.missing.map(({ reason }) => reason)).toEqual(['Day', 'On']);
  await desk.close();
  await evening.over();
});

test('whoever walks from day to day by keys goes on from the same button', async () => {
  const evening = await Evening.come('翻页分所');
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signInAs(evening.secretary);
  await page.goto(evening.board);
  const before = page.getByRole('button', { name: 'Day before' });
  for (const back of [1, 2]) {
    await before.press('Enter');
    const day = new Date(Date.parse(evening.day) - back * 86_400_000).toISOString().slice(0, 10);
    await page.getByRole('heading', { name: `翻页分所, ${day}` }).waitFor();
    await page.locator('#main[aria-busy=false]').waitFor();
    expect(await before.evaluate((button) => button === document.activeElement)).toBe(true);
  }
  await desk.close();
  await evening.over();
});

test('a browser that takes itself for offline asks the server all the same', async () => {
  const evening = await Evening.come('内网分所');
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signInAs(evening.secretary);
  await page.goto(evening.board);
  await page.getByText('2 phones are missing').waitFor();
  await page.evaluate(() => dispatchEvent(new Event('offline')));
  await page.getByRole('button', { name: 'Close the day' }).click();
  await page.locator('#reason-for-all:focus').waitFor();
  await page.keyboard.type('在家休息');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(`**${evening.board}/statements/0`);
  await page.getByRole('heading', { name: 'Statement of the day' }).waitFor();
  await desk.close();
  await evening.over();
});

test('a phone that goes missing, or a colleague who closes, meanwhile is said in the dialog', async () => {
  const evening = await Evening.come('深夜分所');
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signInAs(evening.secretary);
  await page.goto(evening.board);
  await page.getByRole('button', { name: 'Close the day' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('The same for all').fill('轮休');

  await hold(desk, evening);
  const third = await evening.another('冯远');
  await dialog.getByRole('button', { name: 'Seal and close' }).click();
  await dialog.getByText('Another phone went missing meanwhile').waitFor();
  await dialog.getByText('Missing since you began: 冯远 (冯远的手机)').waitFor();
  const { statements } = await desk.ask<{ statements: unknown[] }>(`/api/v1${evening.board}`);
  expect(statements).toEqual([]);
  await dialog.getByLabel('Reason: 冯远, 冯远的手机').fill('刚刚入职');

  await hold(desk, evening);
  const office = await Desk.open(browser);
  await office.signIn('hq_admin');
  const missing = await evening.missing(office);
  await office.tell('POST', `/api/v1${evening.board}/close`, {
    missing: missing.map((device) => ({ device, reason: '总部日结' })),
  });
  await dialog.getByRole('button', { name: 'Seal and close' }).click();
  await page.getByText('The day was closed meanwhile').waitFor();
  await page.getByRole('dialog').getByRole('link', { name: 'To the statement' }).click();
  await page.locator('.paper').getByText('总部日结').first().waitFor();

  // A day to come is refused in words too.
  const tomorrow = new Date(Date.parse(evening.day) + 86_400_000).toISOString().slice(0, 10);
  await page.goto(`/offices/${evening.office}/days/${tomorrow}`);
  await page.getByRole('button', { name: 'Close the day' }).click();
  const all = dialog.getByLabel('The same for all');
  await all.fill('x');
  await dialog.getByRole('button', { name: 'Seal and close' }).click();
  await dialog.getByRole('alert').getByText('That has not come yet').waitFor();
  await office.close();
  await desk.close();
  await third.away();
  await evening.over();
});

test('who closes days reminds the phones that are missing; others look on, and another office’s day is none', async () => {
  const evening = await Evening.come('旁观分所');
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signIn('auditor');
  await page.goto(evening.board);
  await page.getByText('2 phones are missing').waitFor();
  expect(await page.getByRole('button', { name: 'Close the day' }).count()).toBe(0);
  expect(await page.getByRole('button', { name: /^Remind/ }).count()).toBe(0);

  const secretary = await Desk.open(browser);
  await secretary.signInAs(evening.secretary);
  await secretary.page.goto(evening.board);
  const [wu, zheng] = ['吴静', '郑好'].map((name) => rowOf(secretary.page, name)) as [Locator, Locator];
  await wu.getByRole('button', { name: 'Remind 吴静, 吴静的手机' }).click();
  await wu.getByText('Not on the phone yet').waitFor();
  expect(await zheng.getByText('Not on the phone yet').count()).toBe(0);
  await secretary.page.getByRole('button', { name: 'Remind 2 phones' }).click();
  await zheng.getByText('Not on the phone yet').waitFor();
  // The page follows: the phone says that it has it, and has handed in its day thereby.
  expect(await evening.phones.first.sync()).toEqual({ reminder: { day: evening.day, by: '旁观分所秘书' } });
  await wu.getByText(/^On the phone since/).waitFor();
  await secretary.page.getByRole('button', { name: 'Remind 1 phone' }).waitFor();
  expect(await wu.getByRole('button', { name: /^Remind/ }).count()).toBe(0);
  await secretary.close();

  await page.goto(`/rota?office=${evening.office}`);
  await page.getByText('No consultants').waitFor();
  expect(await page.getByRole('button', { name: 'Add' }).count()).toBe(0);
  await page.goto(`${evening.board}/statements/0`);
  await page.getByRole('alert').getByText('The day has no such statement').waitFor();

  const elsewhere = await Desk.open(browser);
  await elsewhere.signIn('secretary');
  await elsewhere.page.goto(evening.board);
  await elsewhere.page.getByRole('alert').getByText('There is no such office').waitFor();
  await elsewhere.page.goto('/days');
  const offices = elsewhere.page.getByRole('region', { name: 'Today' }).locator('tbody .row-link');
  await offices.first().waitFor();
  expect(await offices.count()).toBe(1);
  await elsewhere.close();
  await desk.close();
  await evening.over();
});

test('customers who arrive go to whose turn it is, or to whom they ask for', async () => {
  const evening = await Evening.come('接待分所');
  const leads = [await evening.phones.in.lead('先到的'), await evening.phones.in.lead('后到的')];
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signInAs(evening.secretary);
  await page.getByRole('link', { name: 'Consultants' }).click();
  await page.getByText('No consultants').waitFor();
  for (const name of ['李静', '陈晨', '王芳']) {
    await page.getByLabel('Name').fill(name);
    await page.keyboard.press('Enter');
  }
  const names = page.locator('.rota li .name');
  // By a button, which keeps the focus, and by dragging.
  await page.getByRole('button', { name: 'Up: 王芳' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect.poll(() => names.allInnerTexts()).toEqual(['王芳', '李静', '陈晨']);
  await page.locator('.rota li').filter({ hasText: '陈晨' }).dragTo(page.locator('.rota li').filter({ hasText: '王芳' }));
  await expect.poll(() => names.allInnerTexts()).toEqual(['陈晨', '王芳', '李静']);
  await page.getByRole('button', { name: 'Remove: 李静' }).click();
  await page.getByRole('button', { name: 'Save the order' }).click();
  await page.getByText('Saved.').waitFor();
  const rota = await desk.ask<{ names: string[] }>(`/api/v1/offices/${evening.office}/consultants`);
  expect(rota.names).toEqual(['陈晨', '王芳']);

  await page.goto(`/records/${leads[0]}`);
  const arrival = page.getByRole('region', { name: 'Arrival' });
  await arrival.getByText('The customer has not arrived.').waitFor();
  await arrival.getByRole('button', { name: 'Customer arrived' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Note the arrival' }).click();
  await page.getByText('Noted. 陈晨 receives the customer.').waitFor();
  await arrival.getByText('陈晨').waitFor();

  await page.goto(`/records/${leads[1]}`);
  await arrival.getByRole('button', { name: 'Customer arrived' }).click();
  await dialog.getByText('The customer asked for somebody').click();
  await dialog.getByRole('button', { name: 'Note the arrival' }).click();
  await dialog.getByText('Say for whom the customer asked.').waitFor();
  await dialog.getByLabel('Consultant', { exact: true }).fill('陈晨');
  await dialog.getByLabel('Number of the confirmation slip').fill('A-17');
  await dialog.getByLabel('When').fill(`${evening.day} 00:30`);
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Note the arrival' }).click();
  await arrival.getByText('A-17').waitFor();
  await arrival.getByText('00:30').waitFor();

  await page.goto(evening.board);
  const arrivals = page.getByRole('region', { name: 'Figures of the day' }).getByRole('row', { name: /^Arrivals/ });
  await arrivals.waitFor();
  expect(await arrivals.getByRole('cell').allInnerTexts()).toEqual(['2', '—', '2']);
  // The number leads to those that it counts.
  await arrivals.getByRole('button').first().click();
  for (const lead of leads) await dialog.locator(`a[href$="${lead}"]`).waitFor();
  expect(await desk.barriers()).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  // And so does that of those with a consultant, which are taken away as a table.
  await arrivals.getByRole('button').last().click();
  await dialog.getByText(`Arrivals with consultant of 接待分所 on ${evening.day}`).waitFor();
  for (const lead of leads) await dialog.locator(`a[href$="${lead}"]`).waitFor();
  await dialog.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  const table = (await contentsOf(download)).toString();
  expect(table.trimEnd().split('\n')).toHaveLength(1 + leads.length);
  for (const lead of leads) expect(table).toContain(lead);
  // So does that of each consultant, and their name in the rota.
  await page.goto('/leads');
  const arrived = page.getByRole('region', { name: 'Who received customers' }).getByRole('row');
  const received = arrived.filter({ hasText: '陈晨' });
  const many = Number(await received.getByRole('link').innerText());
  await received.getByRole('link').click();
  await page.getByText('Received by 陈晨').waitFor();
  await page.locator('.row-link').first().waitFor();
  expect(await page.locator('.row-link').count()).toBe(many);
  await page.goto('/rota');
  await page.getByRole('link', { name: '陈晨' }).click();
  await page.getByText('Received by 陈晨').waitFor();
  await desk.close();
  await evening.over();
});
