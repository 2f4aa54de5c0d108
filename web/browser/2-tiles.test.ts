import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Desk, openBrowser } from './desk.ts';
import { LoneServer } from './lone-server.ts';
import { pinsOf, stoodFor } from './pins.ts';
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

const map = () => desk.page.getByRole('region', { name: /^Map: (?!arrows)/ });
const pins = () => pinsOf(map());
/** How many records the page says are on the map. */
const said = async () => Number(/\d[\d,]*/.exec(await desk.page.getByText(/^On the map are/).innerText())?.[0].replaceAll(',', ''));

test('with tiles there is a map that says whose they are, and pins for all records', async () => {
  const { page } = desk;
  await page.goto('/records?kind=visit&view=map');
  await map().locator('canvas').waitFor();
  await pins().first().waitFor();
  expect(await stoodFor(pins())).toBe(await said());
  await map().getByText('Tiles of the tests').waitFor();
  await expect.poll(() => tiles.asked.length).toBeGreaterThan(0);
  expect(tiles.asked.filter((tile) => !/^\d+\/\d+\/\d+$/.test(tile))).toEqual([]);
  // Nothing of it breaks the content security policy: closing the desk looks at that.
  await pins().first().press('Enter');
  await page.locator('.map-list a').first().click();
  await page.waitForURL('**/records/*');
  await map().locator('canvas').waitFor();
  await map().locator('.map-layer .pin').first().waitFor();
});

test('pins stand where their records are, also when the map is moved', async () => {
  const { page } = desk;
  await page.goto('/records?kind=visit&view=map');
  await pins().first().waitFor();
  const inside = () => pins().evaluateAll((pins) => {
    const edge = pins[0]?.closest('.map')?.getBoundingClientRect();
    return pins.filter((pin) => {
      const at = pin.getBoundingClientRect();
      return edge && at.left >= edge.left && at.right <= edge.right && at.top >= edge.top && at.bottom <= edge.bottom;
    }).length;
  });
  await expect.poll(inside).toBe(await pins().count());
  const all = await stoodFor(pins());
  tiles.asked.length = 0;
  await map().getByRole('button', { name: 'Zoom in' }).click();
  await expect.poll(() => tiles.asked.length).toBeGreaterThan(0);
  // What is out of sight has no pin.
  await expect.poll(() => stoodFor(pins())).toBeLessThan(all);
});

test('arrows walk over the pins and leave the map where it is; plus and minus zoom it, and the focus stays', async () => {
  const { page } = desk;
  await page.goto('/records?kind=visit&view=map');
  await pins().first().focus();
  await page.keyboard.press('Home');
  const focused = map().locator('.pins-above :focus');
  const before = await focused.boundingBox();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Home');
  expect(await focused.boundingBox()).toEqual(before);
  const name = await focused.getAttribute('title');
  await page.keyboard.press('ArrowRight');
  expect(await focused.getAttribute('title')).not.toBe(name);
  // They join when the map is seen from afar, and somebody is still on one of them.
  const all = await pins().count();
  for (let far = 0; far < 8; far += 1) await page.keyboard.press('-');
  await expect.poll(() => pins().count()).toBeLessThan(all);
  await focused.waitFor();
});

test('where no tile comes the places are on a plain plan, and it says so', async () => {
  const { page } = desk;
  tiles.isBroken = true;
  await page.goto('/records?kind=visit&view=map');
  const sheet = page.getByRole('region', { name: 'Places of these records' });
  await sheet.getByText('The map cannot be fetched: the places are drawn on a plain plan.').waitFor();
  expect(tiles.asked.length).toBeGreaterThan(0);
  expect(await stoodFor(pinsOf(sheet))).toBe(await said());
});
