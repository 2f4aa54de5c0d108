import { expect, test } from 'vitest';
import { lines, sitting } from './desk.ts';
import { use } from './keyboard.ts';

const at = sitting('reviewer');

const queued = () => at.desk.page.locator('.queued');
const saved = (name: string) => at.desk.page.getByRole('group', { name: 'Saved filters' }).getByRole('button', { name, exact: true });

/** The queue holds what the filter finds of what is not decided. */
async function holds(filter: string): Promise<void> {
  const open = await lines(at.desk, `state=received&${filter}&limit=50`);
  expect(open.length).toBeGreaterThan(0);
  const { page } = at.desk;
  await page.locator('#main[aria-busy=false]').waitFor();
  await page.locator(`.review-head h2 a[href$="${open[0]?.id}"]`).waitFor();
  await expect.poll(() => queued().first().innerText()).toContain(open[0]?.title);
}

test('a filter is saved at the queue, found there again, and forgotten', async () => {
  const { page } = at.desk;
  await page.goto('/review?kind=survey&conflict=false');
  await holds('kind=survey&conflict=false');
  await page.getByRole('button', { name: 'Save this filter' }).click();
  await page.getByLabel('Name of the filter').fill('干净的调查表');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await saved('干净的调查表').waitFor();

  await page.goto('/review?kind=lead');
  await holds('kind=lead');
  await saved('干净的调查表').click();
  await expect.poll(() => new URL(page.url()).searchParams.get('kind')).toBe('survey');
  await holds('kind=survey&conflict=false');

  await page.getByRole('button', { name: 'Remove 干净的调查表' }).click();
  await saved('干净的调查表').waitFor({ state: 'detached' });
  await page.reload();
  await queued().first().waitFor();
  expect(await saved('干净的调查表').count()).toBe(0);
});

test('a filter that was saved at the list serves the queue too, which holds what is open whatever the filter says', async () => {
  const { page } = at.desk;
  await page.goto('/records?kind=visit&state=approved');
  await page.getByRole('button', { name: 'Save this filter' }).click();
  await page.getByLabel('Name of the filter').fill('已通过的拜访');
  await page.keyboard.press('Enter');
  await saved('已通过的拜访').waitFor();
  await page.goto('/review?kind=lead');
  await holds('kind=lead');
  await use(page, '[aria-label="Saved filters"] button');
  await holds('kind=visit');
  await page.getByRole('button', { name: 'Remove 已通过的拜访' }).click();
  await saved('已通过的拜访').waitFor({ state: 'detached' });
});
