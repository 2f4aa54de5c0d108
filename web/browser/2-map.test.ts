import { expect, test } from 'vitest';
import { lines, sitting } from './desk.ts';
import { tabTo } from './keyboard.ts';
import { pinsOf, stoodFor } from './pins.ts';

const at = sitting('reviewer');

const sheet = () => at.desk.page.getByRole('region', { name: 'Places of these records' });
const pins = () => pinsOf(sheet());
const listed = () => sheet().locator('.map-list li');
const counted = async (filter: string) => (await at.desk.ask<{ count: number }>(`/api/v1/records/count?${filter}`)).count;

/** What the map says of itself: how many records are on it, of how many, and how many have no place. */
async function said(): Promise<number[]> {
  const words = await sheet().getByText(/^On the map are/).innerText();
  return [...words.replaceAll(',', '').matchAll(/\d+/g)].map(([digits]) => Number(digits));
}

test('a list is shown by its places, without tiles on a plain plan', async () => {
  const { page } = at.desk;
  await page.goto('/records?kind=visit');
  await page.getByRole('radiogroup', { name: 'View' }).getByTitle('Map').click();
  await page.waitForURL('**/records?kind=visit&view=map');
  await pins().first().waitFor();
  const [shown] = await said();
  expect(shown).toBeGreaterThan(10);
  expect(await stoodFor(pins())).toBe(shown);
  expect(await listed().count()).toBe(Math.min(shown!, 48));
  await pins().first().press('Enter');
  await listed().first().locator('a').click();
  await page.waitForURL('**/records/*');

  // There it has a plan of its own.
  const own = page.getByRole('region', { name: 'Place', exact: true });
  await own.locator('svg.plan').waitFor();
  expect(await own.locator('.pins li').count()).toBeGreaterThan(0);
});

test('the map is one stop of the tab key, and arrows reach all of its pins', async () => {
  const { page } = at.desk;
  await page.goto('/records?view=map');
  await tabTo(page, pins());
  const toolbar = sheet().getByRole('toolbar');
  const says = await toolbar.getAttribute('aria-describedby');
  expect(await page.locator(`[id="${says}"]`).innerText()).toContain('Arrows go from pin to pin');
  const all = await pins().count();
  expect(all).toBeGreaterThan(2);
  for (const [end, arrow] of [['Home', 'ArrowRight'], ['End', 'ArrowLeft']] as const) {
    const passed = new Set<string | null>();
    await page.keyboard.press(end);
    for (let step = 0; step < all; step += 1) {
      passed.add(await toolbar.locator(':focus').getAttribute('style'));
      await page.keyboard.press(arrow);
    }
    expect(passed.size).toBe(all);
  }
  await page.keyboard.press('Tab');
  expect(await listed().first().locator('a:focus').count()).toBe(1);
  // Of everything else there is a page at once, however many records there are.
  expect(await listed().count()).toBe(48);
  await sheet().getByRole('button', { name: 'Next page' }).click();
  await sheet().getByText(/^49 to 96 of/).waitFor();
});

test('a pin that stands for one record leads to it', async () => {
  const { page } = at.desk;
  const [line] = await lines(at.desk, 'kind=visit&limit=1');
  await page.route(/\/api\/v1\/records\/places\?/, (route) => route.fulfill({ json: [{ record: line?.id, place: 'geo:30.5,104.25' }] }));
  await page.goto('/records?kind=visit&view=map');
  await sheet().getByRole('toolbar').getByRole('link', { name: line?.title }).press('Enter');
  await page.waitForURL(`**/records/${line?.id}`);
  await page.unrouteAll();
});

test('the map stands in the menu, and shows all pages of its list', async () => {
  const { page } = at.desk;
  await page.goto('/records');
  const menu = page.getByRole('navigation', { name: 'Menu' });
  const here = menu.locator('a.active');
  await expect.poll(() => here.allInnerTexts()).toEqual(['Records']);
  await menu.getByRole('link', { name: 'Map' }).click();
  await page.waitForURL('**/records?view=map');
  expect(await here.allInnerTexts()).toEqual(['Map']);
  const [shown, all, nowhere] = await said();
  expect(all).toBe(await counted(''));
  expect(all).toBeGreaterThan((await lines(at.desk, 'limit=200')).length);
  expect(shown! + nowhere!).toBe(all);
  expect(await stoodFor(pins())).toBe(shown);
  await menu.getByRole('link', { name: 'Records' }).click();
  await expect.poll(() => new URL(page.url()).search).toBe('');
  await page.locator('tbody .row-link').first().waitFor();
});

test('of very many records the newest are shown, and it says how to see others', async () => {
  const { page } = at.desk;
  const [line] = await lines(at.desk, 'kind=lead&limit=1');
  let asked = 0;
  // More of them than the demonstration has, all at one place.
  const idsOf = (after: string | null) => Array.from({ length: 200 }, (_, at) => `${after ?? 'page-0'}-${at}`);
  await page.route(/\/api\/v1\/records\?/, (route) => {
    const after = new URL(route.request().url()).searchParams.get('after');
    asked += 1;
    return route.fulfill({ json: { items: idsOf(after).map((id) => ({ ...line, id })), next: `page-${asked}` } });
  });
  await page.route(/\/api\/v1\/records\/places\?/, (route) => {
    const after = new URL(route.request().url()).searchParams.get('after');
    return route.fulfill({ json: idsOf(after).map((record) => ({ record, place: 'geo:30.5,104.25' })) });
  });
  await page.route(/\/api\/v1\/records\/count/, (route) => route.fulfill({ json: { count: 34_567 } }));
  await page.goto('/records?view=map');
  await sheet().getByText('These are the newest 2,000: narrow the filter to see others.').waitFor();
  expect(await said()).toEqual([2_000, 34_567, 0, 2_000]);
  expect(asked).toBe(10);
  // One pin stands for all of them, and lists them.
  const pin = sheet().getByRole('button', { name: /^2,000 records here, the newest:/ });
  await pin.press('Enter');
  await sheet().locator('h2:focus').getByText('2,000 records here').waitFor();
  expect(await listed().count()).toBe(48);
  await page.keyboard.press('Escape');
  await pin.and(page.locator(':focus')).waitFor();
  await sheet().locator('h2').waitFor({ state: 'detached' });
  await page.unrouteAll();
});

test('a page that fails leaves the pages before it on the map, and is asked for again', async () => {
  const { page } = at.desk;
  await page.route(/\/api\/v1\/records\?.*after=/, (route) => route.abort());
  await page.goto('/records?view=map');
  await sheet().getByRole('alert').getByText('The server cannot be reached').waitFor();
  expect((await said()).slice(1, 2)).toEqual([await counted('')]);
  const before = await stoodFor(pins());
  expect(before).toBeGreaterThan(0);
  await page.unrouteAll();
  await sheet().getByRole('button', { name: 'Try again' }).click();
  await sheet().getByRole('alert').waitFor({ state: 'detached' });
  await expect.poll(() => stoodFor(pins())).toBeGreaterThan(before);
});
