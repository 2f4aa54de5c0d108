import { Secret, TOTP } from 'otpauth';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admin } from './admin.ts';
import { Desk, openBrowser } from './desk.ts';
import { scan } from './qr.ts';

const login = 'reviewer.account';
const FRESH = '月亮下面有三只很安静的犀牛';

let browser: Browser;
let desk: Desk;
let first: string;
beforeAll(async () => {
  browser = await openBrowser();
  desk = await Desk.open(browser);
  const who = ['--name', '账号测试', '--role', 'reviewer', '--login', login];
  first = (await admin<{ password: string }>('person', 'create', ...who)).password;
  await desk.signInAs({ login, password: first });
  await desk.page.goto('/account');
});
afterAll(async () => {
  await desk.close();
  await browser.close();
});

test('a password is changed, and one that everybody tries first is refused', async () => {
  const { page } = desk;
  const sheet = page.getByRole('region', { name: 'Password', exact: true });
  const give = async (old: string, fresh: string, again = fresh) => {
    await sheet.getByLabel('Present password').fill(old);
    await sheet.getByLabel('New password', { exact: true }).fill(fresh);
    await sheet.getByLabel('New password, again').fill(again);
    await sheet.getByRole('button', { name: 'Change the password' }).click();
  };
  await give(first, 'short');
  await sheet.getByText('A password has 12 to 128 characters.').waitFor();
  await give(first, FRESH, `${FRESH}?`);
  await sheet.getByText('The two are not the same.').waitFor();
  await give('not the one that it is', FRESH);
  await sheet.getByRole('alert').getByText('The present password is wrong').waitFor();
  await give(first, 'password1234');
  await sheet.getByRole('alert').getByText('among those that are tried first').waitFor();
  await give(first, FRESH);
  await page.getByText('Changed. Your other sessions have ended.').waitFor();
});

test('a second factor is set up by the code on the screen, asked for, and switched off', async () => {
  const { page } = desk;
  const sheet = page.getByRole('region', { name: 'Second factor' });
  await sheet.getByLabel('Present password').fill(FRESH);
  await page.keyboard.press('Enter');
  const secret = new URL(await scan(sheet.getByTestId('factor-qr'))).searchParams.get('secret');
  if (secret === null) throw new Error('the QR code names no secret');
  await sheet.getByText(secret).waitFor();
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  await sheet.getByLabel('Code of the app').fill(app.generate());
  await page.keyboard.press('Enter');
  await sheet.getByText('Write these down').waitFor();
  const [recovery] = await sheet.locator('.recovery-codes li').allInnerTexts();
  expect(await sheet.locator('.recovery-codes li').count()).toBe(10);

  const next = await Desk.open(browser);
  const form = next.page;
  await form.goto('/sign-in');
  await form.getByLabel('Login').fill(login);
  await form.getByLabel('Password', { exact: true }).fill(FRESH);
  await form.keyboard.press('Enter');
  await form.getByRole('alert').getByText('A code is needed as well').waitFor();
  await form.getByLabel('Code').fill(recovery ?? '');
  await form.keyboard.press('Enter');
  await form.waitForURL('**/records');
  await form.goto('/account');
  await form.getByText('9 recovery codes are left').waitFor();
  await next.close();

  await sheet.getByLabel('Present password').fill(FRESH);
  await sheet.getByRole('button', { name: 'Switch it off' }).click();
  await sheet.getByText('Signing in asks only for your password.').waitFor();
});

test('an administrator takes the second factor off somebody who has lost the phone and the codes', async () => {
  const { secret } = await desk.tell<{ secret: string }>('POST', '/api/v1/session/totp', { password: FRESH });
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  await desk.tell('POST', '/api/v1/session/totp/confirm', { code });
  const locked = await Desk.open(browser);
  await locked.page.goto('/sign-in');
  await locked.page.getByLabel('Login').fill(login);
  await locked.page.getByLabel('Password', { exact: true }).fill(FRESH);
  await locked.page.keyboard.press('Enter');
  await locked.page.getByRole('alert').getByText('A code is needed as well').waitFor();

  const office = await Desk.open(browser);
  await office.signIn('hq_admin');
  await office.page.goto('/people?text=账号测试');
  await office.page.getByRole('button', { name: 'Change: 账号测试' }).click();
  await office.page.getByRole('dialog').getByRole('button', { name: 'Switch the second factor off' }).click();
  await office.page.locator('.ant-modal-confirm').getByText('the password alone is enough').waitFor();
  await office.page.locator('.ant-modal-confirm').getByRole('button', { name: 'Switch the second factor off' }).click();
  await office.page.getByText('Switched off.').waitFor();
  await office.close();

  await locked.signInAs({ login, password: FRESH });
  await locked.close();
});

test('an administrator ends the sessions of somebody who was spied on', async () => {
  const office = await Desk.open(browser);
  const { page } = office;
  await office.signIn('hq_admin');
  await page.goto('/people?text=账号测试');
  await page.getByRole('button', { name: 'Change: 账号测试' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End all sessions' }).click();
  await page.locator('.ant-modal-confirm').getByRole('button', { name: 'End all sessions' }).click();
  await page.getByText(/^\d+ sessions? ended\.$/).waitFor();
  await desk.page.waitForURL('**/sign-in**');
  await office.close();
});
