import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { contentsOf, first, firstPromoter, lines, record, sitting } from './desk.ts';
import { Handset } from './handset.ts';

const at = sitting('reviewer');

/** More than there are of the answers that are counted each for itself. */
const TOWNS = ['海口', '三亚', '儋州', '琼海', '文昌', '万宁', '东方', '定安', '屯昌', '澄迈', '临高', '白沙', '昌江', '乐东'];

const counted = async (query: string) => (await at.desk.ask<{ count: number }>(`/api/v1/records/count?${query}`)).count;

/** The lines of the file that a dialog of records offers. */
async function takenAway(dialog: Locator): Promise<string[]> {
  const { page } = at.desk;
  await dialog.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ]);
  await page.getByText(`Saved: ${download.suggestedFilename()}`).first().waitFor();
  return (await contentsOf(download)).toString().trimEnd().split('\n');
}

test('leads are counted by how far they have come, and each count leads to its records', async () => {
  const { page } = at.desk;
  await page.getByRole('link', { name: 'Leads', exact: true }).click();
  const stages = page.getByRole('region', { name: 'How far leads have come' });
  const row = (name: string) => stages.getByRole('row').filter({ hasText: name });
  await row('Total').waitFor();
  expect(await row('Total').getByRole('cell').first().innerText()).toBe(String(await counted('kind=lead')));
  expect(await row('Total').getByRole('link').getAttribute('href')).toBe('/records?kind=lead');
  const subscribed = await counted('kind=lead&stage=subscribed');
  await row('Subscribed').getByRole('link', { name: String(subscribed), exact: true }).click();
  await page.waitForURL('**/records?kind=lead&stage=subscribed');
  await page.locator('tbody .row-link').first().waitFor();
});

test('leads with one number stand side by side, whoever registered them', async () => {
  const { page } = at.desk;
  await page.goto('/leads');
  const shared = first(await lines(at.desk, 'kind=lead&flag=duplicate_phone'));
  const one = page.getByRole('group', { name: /^Case: / }).filter({ has: page.locator(`a[href$="${shared.id}"]`) });
  await one.waitFor();
  const others = await one.locator('.row-link').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(others).toHaveLength(2);
  const phones = await Promise.all(
    others.map(async (href) => (await record(at.desk, href?.split('/').pop() ?? '')).record.facts.phones as object),
  );
  expect(Object.keys(phones[0] ?? {})).toEqual(Object.keys(phones[1] ?? {}));
  await page.getByRole('link', { name: 'As a list' }).click();
  await page.waitForURL('**/records?kind=lead&flag=duplicate_phone');
});

test('answers are counted by form and question', async () => {
  const { page } = at.desk;
  await page.getByRole('link', { name: 'Surveys', exact: true }).click();
  const form = page.getByRole('region', { name: 'bank-marketing 2014' });
  const all = await counted('kind=survey');
  await form.getByText(`${all} surveys`).waitFor();
  const housing = form.getByRole('row').filter({ hasText: 'housing' });
  expect(await housing.getByRole('cell').first().innerText()).toBe(String(all));
  const counts = await housing.locator('.answers li > .number').allInnerTexts();
  expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(all);
  // Each number shows its surveys, all of them, page after page.
  await page.route('**/surveys/figures/records?*', (route) =>
    route.continue({ url: route.request().url().replace('limit=50', 'limit=7') }),
  );
  const answer = housing.locator('.answers li').first();
  const count = Number(await answer.getByRole('button').innerText());
  await answer.getByRole('button').click();
  const behind = page.getByRole('dialog', { name: /^bank-marketing · 2014 · housing · / });
  const links = behind.locator('.row-link');
  await behind.getByText(`7 of ${count} records shown`).waitFor();
  expect(await links.count()).toBe(7);
  for (let shown = 7; shown < count; shown = await links.count()) {
    await behind.getByRole('button', { name: 'Load more' }).press('Enter');
    await links.nth(shown).waitFor();
  }
  await behind.getByText(`${count} records`, { exact: true }).waitFor();
  expect(new Set(await links.evaluateAll((links) => links.map((link) => link.getAttribute('href')))).size).toBe(count);
  // They are taken away from here.
  expect(await takenAway(behind)).toHaveLength(1 + count);
  await page.keyboard.press('Escape');
  await behind.waitFor({ state: 'hidden' });

  // So do answers that are not among the frequent ones.
  const { id } = await firstPromoter(at.desk);
  const phone = await Handset.enrol(id, '街头的手机');
  await phone.surveys('street', 'home_town', TOWNS);
  await phone.away();
  const street = page.getByRole('region', { name: 'street' });
  await street.getByText(`${TOWNS.length} surveys`).waitFor();
  await street.getByRole('button', { name: 'and 2 other answers' }).click();
  const others = page.getByRole('dialog', { name: 'street · home_town · other answers' });
  await others.getByText('2 records', { exact: true }).waitFor();
  expect(await takenAway(others)).toHaveLength(1 + 2);
  await page.keyboard.press('Escape');
  await others.waitFor({ state: 'hidden' });
  // Nothing but what is asked for.
  await page.goto('/surveys?day=2001-01-01');
  await page.getByText('No surveys').waitFor();
});
