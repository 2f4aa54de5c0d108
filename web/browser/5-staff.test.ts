import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { Desk, sitting } from './desk.ts';

const at = sitting('hq_admin');

/** Chooses from a list of antd's by typing. */
async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).filter({ visible: true }).last().click();
  await page.keyboard.type(option);
  await page.locator('.ant-select-item-option').getByText(option, { exact: true }).filter({ visible: true }).click();
}

test('head quarters opens an office, forms a team, and adds somebody who signs in', async () => {
  const { page } = at.desk;
  await page.goto('/settings');
  await page.getByLabel('Name of a new office').fill('临江分所');
  await page.keyboard.press('Enter');
  await page.getByRole('rowheader', { name: '临江分所' }).waitFor();

  await page.goto('/teams');
  await page.getByLabel('Name of a new team').fill('临江队');
  await choose(page, 'Office', '临江分所');
  await page.getByRole('button', { name: 'Form', exact: true }).click();
  const team = page.getByRole('row').filter({ hasText: '临江分所' });
  await team.filter({ hasText: '临江队' }).waitFor();
  await page.getByRole('button', { name: 'Rename: 临江队' }).click();
  await page.getByLabel('New name of 临江队').fill('临江一队');
  await page.keyboard.press('Enter');
  await team.filter({ hasText: '临江一队' }).waitFor();

  await page.goto('/people');
  await page.getByRole('button', { name: 'Add a person' }).click();
  const dialog = page.getByRole('dialog');
  await page.locator('#new-name:focus').waitFor();
  await page.keyboard.type('柳叶');
  await choose(page, 'Role', 'Channel secretary');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect.poll(() => dialog.getByText('This is needed.').count()).toBe(2);
  await choose(page, 'Office', '临江分所');
  await dialog.getByLabel('Login').fill('Liu.Ye');
  await page.keyboard.press('Enter');
  await dialog.getByText('It is shown this once.').waitFor();
  expect(await at.desk.barriers()).toEqual([]);
  const password = await dialog.locator('code').innerText();
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByRole('row').filter({ hasText: '柳叶' }).waitFor();

  const desk = await Desk.open(at.browser);
  await desk.signInAs({ login: 'liu.ye', password });

  // A new password ends what the old one opened.
  await page.getByRole('button', { name: 'Change: 柳叶' }).click();
  await page.getByRole('button', { name: 'New password' }).click();
  await page.getByRole('button', { name: 'New password' }).last().click();
  const shown = page.getByRole('dialog').filter({ hasText: 'It is shown this once.' });
  await shown.waitFor();
  const another = await shown.locator('code').innerText();
  expect(another).not.toBe(password);
  await desk.page.waitForURL('**/sign-in**');
  await desk.signInAs({ login: 'liu.ye', password: another });
  await desk.close();
  await shown.getByRole('button', { name: 'Close' }).last().click();
});
