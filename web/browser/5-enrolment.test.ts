import { beforeAll, expect, inject, test } from 'vitest';
import { Desk, first, firstPromoter, lines, sitting, type Person } from './desk.ts';
import { Handset } from './handset.ts';
import { scan } from './qr.ts';

const at = sitting('secretary');
let promoter: Person;
beforeAll(async () => {
  promoter = await firstPromoter(at.desk);
});

test('a phone is enrolled by the code on the screen, and the one before it cut off', async () => {
  const { page } = at.desk;
  const before = await Handset.enrol(promoter.id, '换下的手机');
  await page.goto('/people');
  await page.getByRole('button', { name: `Enrol a phone: ${promoter.name}` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Issue a code' }).click();
  await dialog.getByRole('timer').getByText(/^\d+ days left$/).waitFor();

  const said = new URL(await scan(dialog.getByTestId('invitation-qr')));
  expect(said.origin).toBe(inject('house').url);
  const code = said.hash.slice(1);
  await dialog.getByText(code, { exact: true }).waitFor();
  const phone = await Handset.redeem(code, '新发的手机');
  const lead = await phone.lead('新手机的客户');
  expect(first(await lines(at.desk, 'kind=lead&limit=200'), ({ id }) => id === lead).title).toBe('新手机的客户');
  await expect(Handset.redeem(code, '第二部手机')).rejects.toThrow();

  // On paper there is the invitation and nothing of the console around it.
  await page.emulateMedia({ media: 'print' });
  expect(await dialog.getByTestId('invitation-qr').isVisible()).toBe(true);
  expect(await page.getByRole('button').filter({ visible: true }).count()).toBe(0);
  expect(await page.locator('#console').isVisible()).toBe(false);
  await page.emulateMedia({ media: null });
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await page.goto(`/devices?person=${promoter.id}`);
  const row = (label: string) => page.locator('tbody tr').filter({ hasText: label });
  await page.getByRole('button', { name: 'Revoke: 换下的手机' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row('换下的手机').getByText('Cut off', { exact: false }).waitFor();
  await row('新发的手机').getByText('Active').waitFor();
  await expect(before.lead('换下之后')).rejects.toThrow();
  await phone.lead('新手机照常');
  await before.away();
  await phone.away();
});

test('from the list of phones one says first whose phone it is', async () => {
  const { page } = at.desk;
  await page.goto('/devices');
  await page.locator('.page-head').getByRole('button', { name: 'Enrol a phone' }).click();
  const dialog = page.getByRole('dialog');
  const whose = dialog.getByRole('combobox', { name: 'Person' });
  await expect.poll(() => whose.evaluate((field) => field === document.activeElement)).toBe(true);
  await dialog.getByRole('button', { name: 'Issue a code' }).click();
  await dialog.getByText('Choose whose phone it is.').waitFor();
  await whose.fill(promoter.name);
  await page.keyboard.press('Enter');
  await dialog.getByText(`Enrol a phone for ${promoter.name}`).waitFor();
  await dialog.getByRole('button', { name: 'Issue a code' }).click();
  const said = new URL(await scan(dialog.getByTestId('invitation-qr')));
  const phone = await Handset.redeem(said.hash.slice(1), '选人绑定的手机');
  await phone.sync();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const row = page.locator('tbody tr').filter({ hasText: '选人绑定的手机' });
  await row.getByText(promoter.name).waitFor();
  await phone.away();
});

test('phones are found by the version of their app, which stays in the address', async () => {
  const { page } = at.desk;
  const devices = await at.desk.ask<{ label: string; app: string }[]>('/api/v1/devices');
  const versions = ['0.9.1', '0.10.0', '0.2.0'];
  const mixed = devices.map((device, at) => ({ ...device, app: versions[at % 3] ?? '' }));
  await page.route('**/api/v1/devices', (route) => route.fulfill({ json: mixed }));
  const labels = () => page.locator('tbody tr[data-row-key] td:first-child').allInnerTexts();
  const old = mixed.filter(({ app }) => app === '0.9.1').map(({ label }) => label);
  await page.goto('/devices');
  await page.getByRole('combobox', { name: 'Any version' }).click();
  const offered = page.locator('.ant-select-item-option').filter({ visible: true });
  await offered.first().waitFor();
  expect(await offered.allInnerTexts()).toEqual(['0.10.0', '0.9.1', '0.2.0']);
  await offered.getByText('0.9.1', { exact: true }).click();
  await expect.poll(labels).toEqual(old);
  await page.getByRole('button', { name: 'Export' }).click();
  const [asked] = await Promise.all([
    page.waitForRequest('**/api/v1/devices/export?**'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ]);
  expect(new URL(asked.url()).searchParams.get('app')).toBe('0.9.1');
  await page.keyboard.press('Escape');
  expect(new URL(page.url()).search).toBe('?app=0.9.1');
  await page.reload();
  await expect.poll(labels).toEqual(old);

  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect.poll(labels).toEqual(mixed.map(({ label }) => label));
  await page.getByRole('columnheader', { name: 'App' }).click();
  const apps = () => page.locator('tbody tr[data-row-key] td:nth-child(8)').allInnerTexts();
  await expect.poll(async () => [...new Set(await apps())]).toEqual(['0.2.0', '0.9.1', '0.10.0']);
  await page.unroute('**/api/v1/devices');
});

test('a code that is too old is not shown as one that works', async () => {
  const { page } = at.desk;
  await page.clock.install();
  await page.goto(`/devices?person=${promoter.id}`);
  await page.getByRole('button', { name: 'Enrol a phone' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Issue a code' }).click();
  await dialog.getByRole('timer').getByText('left').waitFor();
  await page.clock.fastForward(6 * 86_400_000);
  await dialog.getByRole('timer').getByText(/^\d+:\d\d:\d\d left$/).waitFor();
  await page.clock.fastForward(2 * 86_400_000);
  await dialog.getByText('Expired. Issue another code.').waitFor();
  await dialog.getByRole('button', { name: 'Issue another code' }).waitFor();
});

test('whoever scans it with something else than the app is told what to do, and a role that may not invite sees no button', async () => {
  const visitor = await Desk.open(at.browser);
  await visitor.page.goto('/enrol#7K3M-9QTX-04BZ-RF6W');
  await visitor.page.getByText('Open the Daybook app').waitFor();
  await visitor.page.getByText('7K3M-9QTX-04BZ-RF6W').waitFor();
  expect(await visitor.barriers()).toEqual([]);
  await visitor.signIn('reviewer');
  await visitor.page.goto(`/people`);
  await visitor.page.getByText(promoter.name).first().waitFor();
  expect(await visitor.page.getByRole('button', { name: /Enrol a phone/ }).count()).toBe(0);
  await visitor.close();
});
