import type { Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { first, lines, sitting } from './desk.ts';
import { settled } from './pages.ts';

const at = sitting('hq_admin');

const fail = (route: Route) =>
  route.fulfill({ status: 500, json: { code: 'server.internal', title: 'Internal error', request_id: '01a2' } });

test('what can’t be fetched beside the content is said where it is missing, and fetched on a click', async () => {
  const { page } = at.desk;
  const { id } = first(await lines(at.desk, 'kind=lead'));
  for (const [path, address, what] of [
    ['**/api/v1/presets', '/records', 'Saved filters'],
    ['**/api/v1/teams', '/records', 'The names of offices, teams, projects or people'],
    ['**/api/v1/quarantine/codes*', '/quarantine', 'The reasons to choose from'],
    ['**/api/v1/devices', '/quarantine', 'The names of phones'],
    ['**/api/v1/devices', '/people', 'Phones'],
    ['**/api/v1/devices', '/audit', 'The names of phones'],
    ['**/api/v1/records/*/presence', `/records/${id}`, 'Who else has it open'],
  ] as const) {
    await page.route(path, fail);
    await page.goto(address);
    const said = page.getByRole('alert').filter({ hasText: `${what} could not be fetched.` });
    await said.waitFor();
    await page.unroute(path);
    await said.getByRole('button', { name: 'Try again' }).click();
    await said.waitFor({ state: 'detached' });
  }
});

test('what a file will hold is not left out silently either', async () => {
  const { page } = at.desk;
  await page.goto('/records');
  await page.locator('tbody .row-link').first().waitFor();
  await page.route('**/api/v1/records/count*', fail);
  await page.getByRole('button', { name: 'Export' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('How many records there are could not be fetched.').waitFor();
  await page.unroute('**/api/v1/records/count*');
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await dialog.getByText(/^\d+ records of this list/).waitFor();
});

test('what is shown stays when it can’t be fetched again, and so do the pages of a list', async () => {
  const { page } = at.desk;
  await page.goto('/people');
  const rows = page.locator('tbody tr');
  await rows.first().waitFor();
  const trouble = page.getByRole('alert').filter({ hasText: 'Something went wrong on the server' });
  await page.route('**/api/v1/people', fail);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await trouble.waitFor();
  expect(await rows.count()).toBeGreaterThan(0);
  await page.unroute('**/api/v1/people');
  await trouble.getByRole('button', { name: 'Try again' }).click();
  await trouble.waitFor({ state: 'detached' });

  await page.goto('/audit');
  await rows.first().waitFor();
  await settled(page);
  const before = await rows.count();
  await page.route('**/api/v1/audit?*before=*', fail);
  await page.getByRole('button', { name: 'Load more' }).click();
  await trouble.waitFor();
  expect(await trouble.count()).toBe(1);
  expect(await rows.count()).toBe(before);
  await page.unroute('**/api/v1/audit?*before=*');
  await trouble.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => rows.count()).toBeGreaterThan(before);
  await trouble.waitFor({ state: 'detached' });
});

test('the next lines of the review queue are not asked for again until somebody wants them', async () => {
  const { page } = at.desk;
  const queue = /\/api\/v1\/records\?/;
  const asked: (string | null)[] = [];
  let broken = true;
  await page.route(queue, (route) => {
    const url = new URL(route.request().url());
    const after = url.searchParams.get('after');
    asked.push(after);
    if (after !== null) return broken ? fail(route) : route.continue();
    // So few that more are wanted at once.
    url.searchParams.set('limit', '2');
    return route.continue({ url: url.href });
  });
  await page.goto('/review');
  const trouble = page.getByRole('alert').filter({ hasText: 'Something went wrong on the server' });
  await trouble.waitFor();
  const queued = page.locator('.queued');
  expect(await queued.count()).toBe(2);
  const [newest, next] = asked;
  expect(newest).toBeNull();
  expect(next).not.toBeNull();
  // Nor with what is done meanwhile.
  for (const [key, place] of [['j', 1], ['k', 0]] as const) {
    await page.keyboard.press(key);
    await queued.nth(place).and(page.locator('.queued-here')).waitFor();
  }
  expect(asked).toEqual([newest, next]);

  broken = false;
  await trouble.getByRole('button', { name: 'Try again' }).click();
  await queued.nth(2).waitFor();
  await trouble.waitFor({ state: 'detached' });
  expect(asked.slice(0, 3)).toEqual([newest, next, next]);
  expect(asked.filter((after) => after === null)).toHaveLength(1);
  await page.unroute(queue);
});

test('names and phones that never come hide no list', async () => {
  const { page } = at.desk;
  for (const [path, address] of [
    ['**/api/v1/projects', '/records'],
    ['**/api/v1/devices', '/people'],
  ] as const) {
    // Nobody answers.
    await page.route(path, () => undefined);
    await page.goto(address);
    await page.locator('tbody tr').first().waitFor();
    await page.unroute(path);
  }
});
