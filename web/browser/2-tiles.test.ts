import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Desk, openBrowser } from './desk.ts';
import { LoneServer } from './lone-server.ts';
import { TileServer } from './tile-server.ts';

let browser: Browser;
let tiles: TileServer;
let server: LoneServer;
let desk: Desk;
beforeAll(async () => {
  browser = await openBrowser();
  tiles = await TileServer.start();
  server = await LoneServer.copyOfHouse({
    DAYBOOK_CONSOLE_TILES: tiles.address,
    DAYBOOK_CONSOLE_TILES_ATTRIBUTION: 'Tiles of the tests',
    DAYBOOK_CONSOLE_TILES_DATUM: 'gcj02',
  });
  desk = await Desk.open(browser, { url: server.url });
  await desk.signIn('reviewer');
});
afterAll(async () => {
  await desk.close();
  await server.away();
  await tiles.away();
  await browser.close();
});
beforeEach(() => {
  tiles.asked.length = 0;
  tiles.isBroken = false;
});

test('with tiles there is a map that says whose they are, and a pin for each record', async () => {
  const { page } = desk;
  await page.goto('/records?kind=visit&view=map');
  const map = page.getByRole('region', { name: /^Map: / });
  await map.locator('canvas').waitFor();
  await map.locator('button.pin').first().waitFor();
  expect(await map.locator('button.pin').count()).toBe(await page.locator('.map-list li').count());
  await map.getByText('Tiles of the tests').waitFor();
  await expect.poll(() => tiles.asked.length).toBeGreaterThan(0);
  expect(tiles.asked.filter((tile) => !/^\d+\/\d+\/\d+$/.test(tile))).toEqual([]);
  // Nothing of it breaks the content security policy: closing the desk looks at that.
  await map.locator('button.pin').first().press('Enter');
  await page.waitForURL('**/records/*');
  await page.getByRole('region', { name: /^Map: / }).locator('canvas').waitFor();
});

test('pins stand where their records are, and stay there when the map is moved', async () => {
  const { page } = desk;
  await page.goto('/records?kind=visit&view=map');
  const map = page.getByRole('region', { name: /^Map: / });
  const pin = map.locator('button.pin').first();
  await pin.waitFor();
  const inside = () => map.locator('button.pin').evaluateAll((pins) => {
    const edge = pins[0]?.closest('.map')?.getBoundingClientRect();
    return pins.filter((pin) => {
      const at = pin.getBoundingClientRect();
      return edge && at.left >= edge.left && at.right <= edge.right && at.top >= edge.top && at.bottom <= edge.bottom;
    }).length;
  });
  await expect.poll(inside).toBe(await map.locator('button.pin').count());
  tiles.asked.length = 0;
  await map.getByRole('button', { name: 'Zoom in' }).click();
  await expect.poll(() => tiles.asked.length).toBeGreaterThan(0);
  expect(await inside()).toBeLessThan(await map.locator('button.pin').count());
});

test('where no tile comes the places are on a plain plan, and it says so', async () => {
  const { page } = desk;
  tiles.isBroken = true;
  await page.goto('/records?kind=visit&view=map');
  const sheet = page.getByRole('region', { name: 'Places of these records' });
  await sheet.getByText('The map cannot be fetched: the places are drawn on a plain plan.').waitFor();
  expect(tiles.asked.length).toBeGreaterThan(0);
  expect(await sheet.locator('svg.plan a').count()).toBe(await sheet.locator('.map-list li').count());
});
