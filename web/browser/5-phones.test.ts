import { expect, test } from 'vitest';
import { Desk, first, record, sitting } from './desk.ts';
import { phoneOf } from './handset.ts';
import { use } from './keyboard.ts';

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
  await page.locator(`a.row-link[href*="${id}"]`).click();
  const compared = page.getByRole('region', { name: 'What would change' });
  await compared.getByText('修订前').waitFor();
  await compared.getByText('修订后').waitFor();
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Accept' }).click();
  await page.getByText('No amendments wait').waitFor();
  expect((await record(at.desk, id)).record.facts.name).toBe('修订后');
});

/** Gives the reason that a dialog asks for, by keys. */
async function reason(words: string): Promise<void> {
  await at.desk.page.locator('textarea#reason:focus').waitFor();
  await at.desk.page.keyboard.type(words);
  await at.desk.page.keyboard.press('Control+Enter');
}

test('another one is rejected by keys, but not with what came while the reason was written', async () => {
  const { page } = at.desk;
  const id = await held.handset.lead('不可改');
  await approve(id);
  await held.handset.rename(id, '被改了');
  await page.goto('/amendments');
  await page.locator(`a.row-link[href*="${id}"]`).getByText('不可改').waitFor();
  await use(page, `tbody a.row-link[href*="${id}"]`);
  await use(page, '.page-head .ant-btn-dangerous');
  await page.locator('textarea#reason:focus').waitFor();
  await held.handset.rename(id, '又被改了');
  await reason('客户未确认');
  await page.locator('.ant-notification-notice').getByText('More of it came since you looked at it').waitFor();
  await page.getByRole('region', { name: 'What would change' }).getByText('又被改了').first().waitFor();
  await use(page, '.page-head .ant-btn-dangerous');
  await reason('客户未确认');
  await page.getByText('No amendments wait').waitFor();
  expect((await record(at.desk, id)).record.facts.name).toBe('不可改');
});

test('an amendment that a colleague decides about meanwhile says so, and is not decided about again', async () => {
  const { page } = at.desk;
  const id = await held.handset.lead('同事先看');
  await approve(id);
  await held.handset.rename(id, '同事先改');
  await page.goto('/amendments');
  await page.locator(`tbody a.row-link[href*="${id}"]`).click();
  await page.getByRole('region', { name: 'What would change' }).getByText('同事先改').first().waitFor();
  await at.desk.tell('POST', `/api/v1${new URL(page.url()).pathname}/reject`, { reason: '客户未确认' });
  await page.getByRole('alert').getByText('It was decided about already').waitFor();
  expect(await page.locator('.page-head .ant-btn-primary').count()).toBe(0);
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

  // By keys it opens too, and there it is zoomed in and out.
  await use(page, '.photos [role=button]');
  const large = page.locator('.ant-image-preview-img');
  await large.waitFor();
  const scale = () => large.evaluate((image) => new DOMMatrix(getComputedStyle(image).transform).a);
  const before = await scale();
  const zoomedOut = page.getByRole('dialog').locator('button:has(.anticon-zoom-out)');
  expect(await zoomedOut.isDisabled()).toBe(true);
  await use(page, '.ant-image-preview button:has(.anticon-zoom-in)');
  await expect.poll(scale).toBeGreaterThan(before);
  await use(page, '.ant-image-preview button:has(.anticon-zoom-out)', 'Space');
  await expect.poll(scale).toBe(before);
  await page.keyboard.press('Escape');
  await large.waitFor({ state: 'hidden' });
  // Keys go on from the photo that was looked at.
  expect(await page.locator('.photos [role=button]:focus').count()).toBe(1);

  // Among all photos it is the newest, and leads back to its record.
  await page.getByRole('navigation').getByRole('link', { name: 'Photos' }).click();
  const newest = page.locator('.gallery li').first();
  const thumb = newest.getByAltText('带照片', { exact: false });
  await expect.poll(() => thumb.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await newest.getByRole('link', { name: '带照片' }).click();
  await page.waitForURL(`**/records/${id}`);
});

test('a phone is cut off; what it still sends is quarantined, looked at and discarded', async () => {
  const { page } = at.desk;
  await page.goto(`/devices?person=${held.owner.id}`);
  const row = page.locator('tbody tr').filter({ hasText: '测试机' });
  await row.getByRole('button', { name: 'Revoke: 测试机' }).waitFor();
  for (const width of [820, 1280]) {
    await page.setViewportSize({ width, height: 820 });
    const buttons = row.getByRole('button', { name: /: 测试机$/ });
    const tops = () => buttons.evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().top));
    await expect.poll(async () => new Set(await tops()).size, { message: `beside each other at ${width}` }).toBe(1);
  }
  await row.getByRole('button', { name: 'Revoke: 测试机' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row.getByText('Cut off', { exact: false }).waitFor();
  expect(await row.getByRole('button', { name: 'Revoke: 测试机' }).isDisabled()).toBe(true);

  // The handset is told that it is cut off, which is its failure and not the test's.
  await held.handset.lead('停用之后').catch(() => undefined);
  await page.goto('/quarantine');
  await page.getByText('device.revoked').first().waitFor();
  await use(page, 'tbody a.row-link');
  await page.getByRole('heading', { name: /^Change / }).waitFor();
  await page.getByText('停用之后').first().waitFor();
  await page.locator('pre.bytes').waitFor();
  await use(page, '.page-head .ant-btn-dangerous');
  await reason('设备已停用');
  await page.locator('.page-head .mark').getByText('Refused').waitFor();
  await page.getByText('设备已停用').waitFor();
});

test('the quarantine offers every code that there is, however little of it is loaded', async () => {
  const { page } = at.desk;
  const codes = await at.desk.ask<{ code: string; changes: number }[]>('/api/v1/quarantine/codes?state=refused');
  await page.route('**/api/v1/quarantine?*', (route) => route.fulfill({ json: { items: [], next: null } }));
  await page.goto('/quarantine?state=refused');
  await page.getByText('Nothing is set aside here').waitFor();
  await page.unroute('**/api/v1/quarantine?*');
  await page.getByRole('combobox', { name: 'Any reason' }).click();
  const offered = page.locator('.ant-select-item-option');
  await offered.first().waitFor();
  expect(codes.length).toBeGreaterThan(0);
  expect(await offered.evaluateAll((options) => options.map((option) => /\((\d+)\)$/.exec(option.textContent ?? '')?.[1]))).toEqual(
    codes.map(({ changes }) => String(changes)),
  );
  await page.keyboard.press('Enter');
  await page.waitForURL('**/quarantine?state=refused&code=*');
  await page.locator('tbody .row-link').first().waitFor();
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

test('a list in pages is sorted as a whole', async () => {
  const { page } = at.desk;
  const phone = first(await at.desk.ask<{ unsent: object }[]>('/api/v1/devices'));
  await page.route(/\/api\/v1\/devices(\?[^/]*)?$/, (route) =>
    route.fulfill({
      json: Array.from({ length: 60 }, (_, n) => ({ ...phone, id: `phone-${n}`, label: `手机 ${n}`, unsent: { ...phone.unsent, changes: n, photos: 0 } })),
    }),
  );
  await page.goto('/devices');
  const top = page.locator('tbody tr[data-row-key]').first();
  const unsent = page.getByRole('columnheader', { name: 'Unsent' });
  await unsent.click();
  await top.getByText('手机 0', { exact: true }).waitFor();
  await unsent.click();
  await top.getByText('手机 59', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Next page' }).click();
  await top.getByText('手机 9', { exact: true }).waitFor();
  await page.unrouteAll();
});
