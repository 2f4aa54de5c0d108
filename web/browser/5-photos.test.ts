import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { admin } from './admin.ts';
import { contentsOf, Desk, first, sitting } from './desk.ts';
import { foreignNames } from './foreign.ts';
import { phoneOf } from './handset.ts';

const at = sitting('hq_admin');
const held = phoneOf(at, '相机');

/** A lead with a photo that nobody has taken: another one for each shade. */
async function photographed(name: string, shade: number): Promise<string> {
  const png = new PNG({ width: 48, height: 32 });
  png.data.fill(shade);
  const file = join(await mkdtemp(join(tmpdir(), 'photo-')), 'photo.png');
  await writeFile(file, PNG.sync.write(png));
  const id = await held.handset.lead(name);
  await held.handset.photo(id, file);
  return id;
}

test('photos that arrive are shown at once, and move nothing that somebody looks at', async () => {
  const { page } = at.desk;
  await page.goto('/photos');
  await page.getByRole('heading', { name: 'Photos' }).waitFor();
  await photographed('先到的照片', 40);
  const first = page.locator('.gallery li').first();
  await first.getByRole('link', { name: '先到的照片' }).waitFor();
  await first.locator('img').click();
  await page.locator('.ant-image-preview-img').waitFor();
  await photographed('后到的照片', 80);
  await page.locator('.gallery-news').getByText('1 new photo: show it').waitFor();
  expect(await first.innerText()).toContain('先到的照片');
  await page.keyboard.press('Escape');
  await first.getByRole('link', { name: '后到的照片' }).waitFor();
  await page.locator('.gallery-news button').waitFor({ state: 'detached' });
});

test('a photo that is enlarged has its own name and words of both languages', async () => {
  const ids = [await photographed('放大的一张', 60), await photographed('旁边的一张', 61)];
  const { page } = at.desk;
  await page.goto('/photos');
  const large = page.getByRole('dialog', { name: 'Enlarged photo' });
  await page.getByRole('button', { name: 'Photo of 旁边的一张' }).press('Enter');
  await large.getByRole('img', { name: 'Photo of 旁边的一张' }).waitFor();
  await large.getByRole('button', { name: 'Next photo' }).click();
  await large.getByRole('img', { name: 'Photo of 放大的一张' }).waitFor();
  for (const name of ['Flip upside down', 'Mirror', 'Turn left', 'Turn right', 'Smaller', 'Larger']) {
    await large.getByRole('button', { name }).waitFor();
  }
  await large.getByRole('button', { name: 'Close' }).click();
  await large.waitFor({ state: 'hidden' });
  const other = await Desk.open(at.browser, { locale: 'zh-CN' });
  await other.signIn('hq_admin');
  await other.page.goto(`/records/${first(ids)}`);
  await other.page.getByRole('button', { name: '放大的一张' }).press('Enter');
  const dialog = other.page.getByRole('dialog', { name: '放大的照片' });
  await dialog.getByRole('button', { name: '向左旋转' }).waitFor();
  expect(await foreignNames(other.page)).toEqual([]);
  expect(await other.barriers()).toEqual([]);
  await dialog.getByRole('button', { name: '关闭' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await other.close();
});

test('of the pages that somebody has loaded, news of a photo fetches the first again and no other', async () => {
  const { page } = at.desk;
  const asked: string[] = [];
  await page.route(/\/api\/v1\/photos(\?[^/]*)?$/, async (route) => {
    const url = new URL(route.request().url());
    asked.push(url.searchParams.get('after') ?? 'newest');
    url.searchParams.set('limit', '1');
    await route.continue({ url: url.href });
  });
  await page.goto('/photos');
  const shown = page.locator('.gallery li');
  await shown.first().waitFor();
  await page.getByRole('button', { name: 'Load more' }).click();
  await shown.nth(1).waitFor();
  const before = await shown.allInnerTexts();
  expect(asked).toHaveLength(2);
  await photographed('第三张照片', 200);
  await shown.first().getByRole('link', { name: '第三张照片' }).waitFor();
  await expect.poll(() => shown.count()).toBe(3);
  expect((await shown.allInnerTexts()).slice(1)).toEqual(before);
  // The first page has the new photo alone: the next one is where it meets what is known.
  const again = asked.slice(2);
  expect(again.filter((page) => page === asked[1])).toEqual([]);
  expect(again[0]).toBe('newest');
  await page.unroute(/\/api\/v1\/photos(\?[^/]*)?$/);
});

test('whoever has gone down the list is told when a photo there may have gone elsewhere', async () => {
  const { page } = at.desk;
  const people = await at.desk.ask<{ id: string; office: string }[]>('/api/v1/people');
  const { office } = first(people, ({ id }) => id === held.owner.id);
  const { id: elsewhere } = await admin('office', 'create', '--name', '别处分所', '--time-zone', 'Asia/Shanghai');
  const leaves = await photographed('要走的照片', 220);
  await photographed('留下的照片', 230);
  const pages = /\/api\/v1\/photos(\?[^/]*)?$/;
  await page.route(pages, (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set('limit', '1');
    return route.continue({ url: url.href });
  });
  await page.goto(`/photos?office=${office}`);
  const shown = page.locator('.gallery li');
  await shown.filter({ hasText: '留下的照片' }).waitFor();
  await page.getByRole('button', { name: 'Load more' }).click();
  await shown.filter({ hasText: '要走的照片' }).waitFor();
  const told = page.getByText('Photos further down may have come or gone.');
  expect(await told.count()).toBe(0);
  await at.desk.tell('POST', `/api/v1/records/${leaves}/assignment`, { office: elsewhere });
  await told.waitFor();
  expect(await shown.filter({ hasText: '要走的照片' }).count()).toBe(1);
  await page.getByRole('button', { name: 'Show how it is now' }).click();
  await shown.filter({ hasText: '要走的照片' }).waitFor({ state: 'detached' });
  await told.waitFor({ state: 'detached' });
  await page.unroute(pages);
});

test('where the server looked in vain the page goes on by itself, and stops when that fails', async () => {
  const { page } = at.desk;
  const asked: (string | null)[] = [];
  let broken = false;
  await page.route(/\/api\/v1\/photos(\?[^/]*)?$/, async (route) => {
    const url = new URL(route.request().url());
    const after = url.searchParams.get('after');
    asked.push(after);
    if (after === null) return route.fulfill({ json: { items: [], next: 'one' } });
    if (after === 'one') return route.fulfill({ json: { items: [], next: 'two' } });
    if (broken) return route.abort('connectionreset');
    url.searchParams.delete('after');
    return route.fulfill({ response: await route.fetch({ url: url.href }) });
  });
  await page.goto('/photos');
  await page.locator('.gallery li').first().waitFor();
  expect(asked).toEqual([null, 'one', 'two']);

  broken = true;
  await page.goto('/photos');
  const again = page.getByRole('alert').getByRole('button', { name: 'Try again' });
  await again.waitFor();
  expect(await page.locator('.gallery li').count()).toBe(0);
  broken = false;
  await again.click();
  await page.locator('.gallery li').first().waitFor();
  await page.unroute(/\/api\/v1\/photos(\?[^/]*)?$/);
});

test('photos are taken away with the records that name them, and so is what nobody can place', async () => {
  const { page } = at.desk;
  const id = await photographed('带走的照片', 120);
  for (const [path, heading, row] of [
    ['/photos', 'Photo,Received at,', id],
    ['/strays', 'Line,Since,Record,', ''],
  ] as const) {
    await page.goto(path);
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    const text = (await contentsOf(download)).toString();
    expect(text.startsWith(`\ufeff${heading}`), path).toBe(true);
    expect(text).toContain(row);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
});
