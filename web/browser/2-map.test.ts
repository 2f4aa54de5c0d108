import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sitting } from './desk.ts';

const at = sitting('reviewer');

test('a page of the list is shown by its places, without tiles on a plain plan', async () => {
  const { page } = at.desk;
  await page.goto('/records?kind=visit');
  await page.getByTitle('Map').click();
  await page.waitForURL('**/records?kind=visit&view=map');
  const sheet = page.getByRole('region', { name: 'Places of these records' });
  await sheet.getByText(/^\d+ records of this page have a place/).waitFor();
  const pins = sheet.locator('svg.plan a');
  const listed = await sheet.locator('.map-list li').count();
  expect(listed).toBeGreaterThan(10);
  expect(await pins.count()).toBe(listed);
  const href = await pins.first().getAttribute('href');
  await pins.first().focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**${href}`);

  // There it has a plan of its own.
  const own = page.getByRole('region', { name: 'Place', exact: true });
  await own.locator('svg.plan').waitFor();
  expect(await own.locator('.pins li').count()).toBeGreaterThan(0);
});

test('with tiles there is a map with a pin for each', async () => {
  const { page } = at.desk;
  const picture = await readFile(new URL('picture.png', import.meta.url));
  let asked = 0;
  await page.route('**/tiles/**', (route) => {
    asked += 1;
    return route.fulfill({ body: picture, contentType: 'image/png' });
  });
  // What a server with `console.tiles` says.
  await page.route('**/records?**', async (route) => {
    if (route.request().resourceType() !== 'document') return route.fallback();
    const answer = await route.fetch();
    const about = JSON.stringify({ url: `${new URL(page.url()).origin}/tiles/{z}/{x}/{y}.png`, attribution: 'A', datum: 'gcj02' });
    const body = (await answer.text()).replace(/(name="daybook-map" content=")/, `$1${about.replaceAll('"', '&quot;')}`);
    const policy = (answer.headers()['content-security-policy'] ?? '').replace('img-src', 'img-src blob:');
    return route.fulfill({ response: answer, body, headers: { ...answer.headers(), 'content-security-policy': policy } });
  });
  await page.goto('/records?kind=visit&view=map');
  const map = page.getByRole('region', { name: /^Map: / });
  await map.waitFor();
  await map.locator('button.pin').first().waitFor();
  expect(await map.locator('button.pin').count()).toBe(await page.locator('.map-list li').count());
  await expect.poll(() => asked).toBeGreaterThan(0);
  await map.locator('button.pin').first().press('Enter');
  await page.waitForURL('**/records/*');
});
