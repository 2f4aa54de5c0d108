import { expect, test } from 'vitest';
import { admin } from './admin.ts';
import { Desk, first, lines, record, sitting } from './desk.ts';
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
  await reasons.getByAltText('The photo that both records have').first().waitFor();
  await reasons.locator(`a[href$="${one}"]`).click();
  await page.waitForURL(`**/records/${one}`);
  expect((await record(at.desk, one)).line.flags).toContain('repeated_photo');
});

test('a hasty minute shows the records that it counts', async () => {
  const { page } = at.desk;
  const { handset } = held;
  const towns = Array.from({ length: 11 }, (_, n) => `第${n + 1}村`);
  await handset.surveys('hasty', 'home_town', towns);
  const one = first(await lines(at.desk, 'kind=survey&flag=hasty_records'), ({ title }) => title === 'hasty');
  const { flags } = await at.desk.ask<{ flags: { flag: string; evidence: { records: number } }[] }>(`/api/v1/records/${one.id}`);
  const { records } = first(flags, ({ flag }) => flag === 'hasty_records').evidence;
  expect(records).toBeGreaterThanOrEqual(towns.length);
  await page.goto(`/records/${one.id}`);
  const reasons = page.getByRole('region', { name: 'Why to look more closely' });
  await reasons.getByRole('button', { name: 'Show these records' }).click();
  const together = page.getByRole('dialog', { name: 'Too many a minute' });
  await together.getByText(`${records} records`, { exact: true }).waitFor();
  expect(await together.locator(`.row-link[href$="${one.id}"]`).count()).toBe(1);
  expect(await together.locator('.row-link').count()).toBe(records);
  await page.keyboard.press('Escape');
  await together.waitFor({ state: 'hidden' });
});

test('an administrator says from when on flags are raised, whoever else reads it', async () => {
  const { page } = at.desk;
  await page.getByRole('link', { name: 'Settings' }).click();
  const speed = page.getByLabel('Speed between two records');
  await speed.fill('5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.ant-form-item-explain-error').getByText('20 to 2,000').waitFor();
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

test('an office is renamed by keys, and the trail says what it was called', async () => {
  const { page } = at.desk;
  const { keyboard } = page;
  await admin('office', 'create', '--name', '旧名分所', '--time-zone', 'Asia/Shanghai');
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Rename: 旧名分所' }).press('Enter');
  await page.getByLabel('New name of 旧名分所').waitFor();
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type('新名分所');
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Rename: 新名分所' }).waitFor();
  await page.goto('/audit');
  await page.getByText('name: 旧名分所 → 新名分所').waitFor();
});

test('the organisation’s name, its evening and its projects are set by keys, and the trail says what they were', async () => {
  const { page } = at.desk;
  const { keyboard } = page;
  const { name } = await at.desk.ask<{ name: string }>('/api/v1/organisation');
  const rename = async (to: string) => {
    await page.goto('/settings');
    await page.getByLabel('Name', { exact: true }).focus();
    await keyboard.press('ControlOrMeta+a');
    await keyboard.type(to);
    await keyboard.press('Enter');
    await page.getByText('Saved.').waitFor();
  };
  await rename('远方地产');
  await page.getByLabel('The evening begins at').focus();
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  const evening = async () => (await at.desk.ask<{ evening_hour: number }>('/api/v1/organisation')).evening_hour;
  await expect.poll(evening).toBe(18);

  await page.getByLabel('Name of a new project').focus();
  await keyboard.type('云顶');
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Rename: 云顶' }).press('Enter');
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type('云顶二期');
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Rename: 云顶二期' }).waitFor();

  await page.goto('/audit');
  await page.getByText('name: 云顶 → 云顶二期').waitFor();
  await page.getByText('evening from: 17 → 18').waitFor();
  await page.getByText(`name: ${name} → 远方地产`).waitFor();

  const reader = await Desk.open(at.browser);
  await reader.signIn('auditor');
  await reader.page.goto('/settings');
  await reader.page.getByRole('link', { name: '云顶二期' }).waitFor();
  expect(await reader.page.getByLabel('Name of a new project').count()).toBe(0);
  await reader.close();
  // As other tests know it.
  await at.desk.tell('PATCH', '/api/v1/organisation', { name, evening_hour: 17 });
});
