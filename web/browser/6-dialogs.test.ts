import { Secret, TOTP } from 'otpauth';
import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { admin } from './admin.ts';
import { Desk, first, lines, record } from './desk.ts';
import { Looker } from './look.ts';
import { stage } from './stage.ts';

const at = stage('江南分所', '北山分所');

test('every dialog is accessible and fits, in both languages and at both widths', async () => {
  const desk = await Desk.open(at.browser);
  const { page } = desk;
  const looker = await Looker.at(desk);
  await desk.signIn('hq_admin');
  const click = (...buttons: string[]) => async () => {
    for (const button of buttons) await page.locator(button).filter({ visible: true }).first().click();
  };
  const shown = (field: string) => page.locator(`${field}:focus`).waitFor();
  const lead = first(await lines(desk, `office=${at.open.office}`));
  const disputed = first(await lines(desk, 'kind=lead&conflict=true&state=received'));
  const phones = await desk.ask<{ id: string; person: string; label: string }[]>('/api/v1/devices');
  const phone = first(phones, ({ person }) => person === lead.owner);
  const { items: held } = await desk.ask<{ items: { record: string; device: string }[] }>('/api/v1/amendments');
  const { items: aside } = await desk.ask<{ items: { id: number }[] }>('/api/v1/quarantine');
  const amendment = first(held);

  await looker.lookAbove('close', at.open.board, async () => {
    await page.locator('.page-head .ant-btn-primary').click();
    await shown('#reason-for-all');
  });
  await looker.lookAbove('supplement-reason', at.closed.board, async () => {
    await page.locator('#late .ant-btn-primary').click();
    await shown('textarea#reason');
  });
  await looker.lookAbove('day-figure', at.closed.board, async () => {
    await page.locator('.figures .figure').last().click();
    await page.locator('.record-lines a').first().waitFor();
  });
  await looker.lookAbove('arrival', `/records/${lead.id}`, async () => {
    await page.locator('#arrival button').click();
    await shown('#arrival-at');
  });
  await looker.lookAbove('assign', `/records/${lead.id}`, click('.record-columns .sheet-head:not(#arrival *) button'));
  await looker.lookAbove('return', `/records/${lead.id}`, async () => {
    await page.locator('.page-head button:has(.anticon-rollback)').click();
    await shown('textarea#reason');
  });
  await looker.lookAbove('correct', `/records/${lead.id}`, click('.values .edit'));
  await looker.lookAbove('new-value', `/records/${disputed.id}`, click('.claim-new button'));
  await looker.lookAbove('approve-conflict', `/records/${disputed.id}`, click('.page-head button:has(.anticon-check)'));
  await looker.lookAbove('export', '/records', click('.page-head button:has(.anticon-download)'));
  await looker.lookAbove('survey-figure', '/surveys', async () => {
    await page.locator('.answers .figure').first().click();
    await page.locator('.record-lines a').first().waitFor();
  });
  const hasty = first(await lines(desk, 'kind=survey&flag=hasty_records'));
  await looker.lookAbove('hasty-minute', `/records/${hasty.id}`, async () => {
    await page.locator('.flags .figure').first().click();
    await page.locator('.record-lines a').first().waitFor();
  });
  await looker.lookAbove('keys', '/review', async () => {
    await page.locator('.review-head').waitFor();
    await page.keyboard.press('?');
  });
  await looker.lookAbove('revoke', `/devices?device=${phone.id}`, click('tbody .ant-btn:not(.ant-btn-dangerous)'));
  await looker.lookAbove('wipe', `/devices?device=${phone.id}`, async () => {
    await page.locator('tbody .ant-btn-dangerous').click();
    await page.getByRole('dialog').getByRole('checkbox').check();
  });
  const people = '/people?text=周末';
  const row = (button: RegExp): Locator => page.locator('tbody tr').first().getByRole('button', { name: button });
  await looker.lookAbove('hand-over', people, () => row(/^(Hand over|工作对接)/).click());
  await looker.lookAbove('change-person', '/people?role=secretary', () => row(/^(Change|变更)/).click());
  await looker.lookAbove('add-person', '/people', async () => {
    await page.locator('.page-head .ant-btn-primary').click();
    await shown('#new-name');
  });
  await looker.lookAbove('amendment-accept', `/amendments/${amendment.record}/${amendment.device}`, click('.page-head .ant-btn-primary'));
  await looker.lookAbove('discard', `/quarantine/${first(aside).id}`, click('.page-head .ant-btn-dangerous'));
  await looker.lookAbove('enrol', `/devices?person=${lead.owner}`, async () => {
    await page.locator('.page-head .end button').first().click();
    await page.locator('.ant-modal-footer .ant-btn-primary').click();
    await page.getByTestId('invitation-qr').waitFor();
  });
  expect((await record(desk, lead.id)).line.review).toBe('received');
  await desk.close();
});

test('so is what stands where no page can', async () => {
  const desk = await Desk.open(at.browser);
  const { page } = desk;
  const looker = await Looker.at(desk);
  for (const locale of ['zh-CN', 'en-GB']) {
    const visitor = await Desk.open(at.browser, { locale });
    await visitor.page.goto('/enrol#7K3M-9QTX-04BZ-RF6W');
    await visitor.page.locator('h1').waitFor();
    await (await Looker.at(visitor)).look('scanned');
    await visitor.close();
  }
  await desk.signIn('hq_admin');
  // What no page of ours expects makes one fail.
  await page.route('**/api/v1/system', (route) => route.fulfill({ json: {} }));
  for (const _ of ['en', 'zh']) {
    for (const [name, path] of [
      ['no-page', '/nowhere'],
      ['no-record', '/records/00000000-0000-0000-0000-000000000000'],
      ['no-statement', `${at.closed.board}/statements/9`],
      ['crashed', '/system'],
    ] as const) {
      await page.goto(path);
      await page.locator('.centre, .trouble').first().waitFor();
      await looker.look(name);
    }
    await looker.change();
  }
  // Everything around the content that can't be fetched is said too.
  await page.route(/\/api\/v1\/(presets|teams|records\?.*)$/, (route) =>
    route.fulfill({ status: 500, json: { code: 'server.internal', title: 'Internal error', request_id: '01a2' } }),
  );
  await page.goto('/records');
  for (const _ of ['en', 'zh']) {
    await page.locator('.trouble').waitFor();
    await looker.look('failed');
    await looker.change();
  }
  await desk.close();
});

test('so is signing in with a second factor, and setting it up', async () => {
  const login = 'reviewer.looked-at';
  const { password } = await admin<{ password: string }>(
    ...['person', 'create', '--name', '双重验证', '--role', 'reviewer', '--login', login],
  );
  const desk = await Desk.open(at.browser);
  const { page } = desk;
  const looker = await Looker.at(desk);
  await desk.signInAs({ login, password });
  const { secret } = await desk.tell<{ secret: string }>('POST', '/api/v1/session/totp', { password });
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  await desk.tell('POST', '/api/v1/session/totp/confirm', { code });
  await looker.lookTwice('account-factor', '/account');
  await page.locator('.who button').first().click();
  await page.waitForURL('**/sign-in**');
  await page.locator('input[autocomplete=username]').fill(login);
  await page.locator('input[type=password]').fill(password);
  await page.locator('button[type=submit]').click();
  await page.locator('input[autocomplete=one-time-code]').waitFor();
  for (const _ of ['en', 'zh']) {
    await looker.look('sign-in-factor');
    await looker.change();
  }
  await desk.close();
});
