import { expect, test } from 'vitest';
import { Desk, record, sitting } from './desk.ts';
import { phoneOf } from './handset.ts';

const at = sitting('hq_admin');
const held = phoneOf(at, '测试机');

const approve = async (id: string) => {
  const { heads } = (await record(at.desk, id)).line;
  await at.desk.tell('POST', `/api/v1/records/${id}/review`, { state: 'approved', seen: heads });
};

test('what a phone changes after the verdict is compared and accepted', async () => {
  const { page } = at.desk;
  const id = await held.handset.lead('修订前');
  await approve(id);
  await held.handset.rename(id, '修订后');
  await page.goto('/amendments');
  await page.locator(`a[href*="${id}"]`).click();
  const compared = page.getByRole('region', { name: 'What would change' });
  await compared.getByText('修订前').waitFor();
  await compared.getByText('修订后').waitFor();
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Accept' }).click();
  await page.getByText('No amendments wait').waitFor();
  expect((await record(at.desk, id)).record.facts.name).toBe('修订后');
});

test('another one is rejected with a reason', async () => {
  const { page } = at.desk;
  const id = await held.handset.lead('不可改');
  await approve(id);
  await held.handset.rename(id, '被改了');
  await page.goto('/amendments');
  await page.locator(`a[href*="${id}"]`).click();
  await page.getByRole('button', { name: 'Reject', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('客户未确认');
  await dialog.getByRole('button', { name: 'Reject' }).click();
  await page.getByText('No amendments wait').waitFor();
  expect((await record(at.desk, id)).record.facts.name).toBe('不可改');
});

test('a photo is shown small, and large on a click', async () => {
  const { page } = at.desk;
  const id = await held.handset.lead('带照片');
  await held.handset.photo(id, new URL('picture.png', import.meta.url).pathname);
  await page.goto(`/records/${id}`);
  const small = page.getByRole('region', { name: 'Photos' }).locator('img');
  await small.waitFor();
  await expect.poll(() => small.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await small.click();
  await page.locator('.ant-image-preview-img').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.ant-image-preview-img').waitFor({ state: 'hidden' });
});

test('a phone is cut off; what it still sends is quarantined, looked at and discarded', async () => {
  const { page } = at.desk;
  await page.goto(`/devices?person=${held.owner.id}`);
  const row = page.locator('tbody tr').filter({ hasText: '测试机' });
  await row.getByRole('button', { name: 'Revoke: 测试机' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row.getByText('Cut off', { exact: false }).waitFor();
  expect(await row.getByRole('button', { name: 'Revoke: 测试机' }).isDisabled()).toBe(true);

  // The handset is told that it is cut off, which is its failure and not the test's.
  await held.handset.lead('停用之后').catch(() => undefined);
  await page.goto('/quarantine');
  await page.getByText('device.revoked').first().click();
  await page.getByRole('heading', { name: /^Change / }).waitFor();
  await page.getByText('停用之后').first().waitFor();
  await page.locator('pre.bytes').waitFor();
  await page.getByRole('button', { name: 'Discard' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('设备已停用');
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await page.locator('.page-head .mark').getByText('Refused').waitFor();
  await page.getByText('设备已停用').waitFor();
});

test('a wipe wants the name of the phone', async () => {
  const { page } = at.desk;
  await page.goto(`/devices?person=${held.owner.id}`);
  const row = page.locator('tbody tr').filter({ hasText: '测试机' });
  await row.getByRole('button', { name: 'Wipe: 测试机' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByRole('button', { name: 'Wipe' }).isDisabled()).toBe(true);
  await dialog.getByLabel(/Type the name/).fill('测试机');
  await dialog.getByRole('button', { name: 'Wipe' }).click();
  await row.getByText('Wipe ordered').waitFor();
});

test('the office sees its own, and may not decide', async () => {
  const office = await Desk.open(at.browser);
  await office.signIn('secretary');
  await office.page.goto('/review');
  await office.page.getByText('Your role looks, but does not decide.').waitFor();
  const me = await office.ask<{ office: string }>('/api/v1/me');
  const offices = await office.ask<{ items: { office: string }[] }>('/api/v1/records?limit=200');
  expect(new Set(offices.items.map((line) => line.office))).toEqual(new Set([me.office]));
  await office.close();
});
