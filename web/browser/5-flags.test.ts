import { expect, test } from 'vitest';
import { admin } from './admin.ts';
import { Desk, first, record, sitting } from './desk.ts';
import { phoneOf } from './handset.ts';

const at = sitting('hq_admin');
const held = phoneOf(at, '标记测试机');

test('a flag says what speaks for it, and leads to the record that has to do with it', async () => {
  const { page } = at.desk;
  const picture = new URL('picture.png', import.meta.url).pathname;
  const [one, other] = [await held.handset.lead('照片甲'), await held.handset.lead('照片乙')];
  await held.handset.photo(one, picture);
  await held.handset.photo(other, picture);
  await page.goto('/records?text=照片乙');
  await page.getByLabel('Flag', { exact: true }).click();
  await page.getByTitle('Any flag', { exact: true }).click();
  await page.waitForURL('**flag=any**');
  await page.locator(`a.row-link[href$="${other}"]`).click();
  const reasons = page.getByRole('region', { name: 'Why to look more closely' });
  await reasons.getByText('The customer’s consent is not noted.').waitFor();
  await reasons.getByText('Repeated photo').first().waitFor();
  await reasons.locator(`a[href$="${one}"]`).click();
  await page.waitForURL(`**/records/${one}`);
  expect((await record(at.desk, one)).line.flags).toContain('repeated_photo');
});

test('an administrator says from when on flags are raised, whoever else reads it', async () => {
  const { page } = at.desk;
  await page.getByRole('link', { name: 'Settings' }).click();
  const speed = page.getByLabel('Speed between two records');
  await speed.fill('5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.ant-form-item-explain-error').getByText('20 to 2000').waitFor();
  await speed.fill('200');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  const { thresholds } = await at.desk.ask<{ thresholds: Record<string, number> }>('/api/v1/organisation');
  expect(thresholds).toMatchObject({ travel_km_h: 200, geofence_m: 500 });

  const reviewer = await Desk.open(at.browser);
  await reviewer.signIn('reviewer');
  await reviewer.page.goto('/settings');
  await reviewer.page.getByText('Administrators of head quarters change these.').waitFor();
  expect(await reviewer.page.getByLabel('Speed between two records').inputValue()).toBe('200');
  expect(await reviewer.page.getByLabel('Speed between two records').isDisabled()).toBe(true);
  await reviewer.close();
});

test('an administrator gives an office another time zone, and others read it', async () => {
  const { page } = at.desk;
  const { id } = await admin('office', 'create', '--name', '时区分所', '--time-zone', 'Asia/Shanghai');
  await page.goto('/settings');
  const zone = page.getByLabel('Time zone of 时区分所');
  await zone.click();
  await zone.fill('Asia/Urumqi');
  await page.locator('.ant-select-item-option').getByText('Asia/Urumqi', { exact: true }).filter({ visible: true }).click();
  await page.getByText('Saved: 时区分所.').waitFor();
  const offices = await at.desk.ask<{ id: string; time_zone: string }[]>('/api/v1/offices');
  expect(first(offices, (office) => office.id === id).time_zone).toBe('Asia/Urumqi');
  const reader = await Desk.open(at.browser);
  await reader.signIn('auditor');
  await reader.page.goto('/settings');
  await reader.page.getByRole('row').filter({ hasText: '时区分所' }).getByText('Asia/Urumqi').waitFor();
  expect(await reader.page.getByLabel('Time zone of 时区分所').count()).toBe(0);
  await reader.close();
});
