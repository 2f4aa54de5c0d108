import { expect, test } from 'vitest';
import { record, sitting } from './desk.ts';
import { phoneOf } from './handset.ts';

const at = sitting('reviewer');
const held = phoneOf(at, '退回测试机');

test('a record is returned, and comes back corrected', async () => {
  const { page } = at.desk;
  const id = await held.handset.lead('张三（电话不全）');
  await page.goto(`/records/${id}`);
  await page.getByRole('button', { name: 'Return' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('请补全姓名');
  await dialog.getByRole('button', { name: 'Return' }).click();
  await page.locator('.verdict-note').getByText('请补全姓名').waitFor();

  await held.handset.rename(id, '张三丰');
  // The page hears of it, and shows what has changed before anything can be decided.
  const news = page.locator('.stale');
  await news.getByText('张三丰').waitFor();
  expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
  await news.getByRole('button', { name: 'I have seen this' }).click();
  await page.getByRole('heading', { name: '张三丰' }).waitFor();
  const history = page.getByRole('region', { name: 'History' });
  await history.getByText('张三（电话不全）').first().waitFor();
  await history.getByText('张三丰').first().waitFor();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  expect((await record(at.desk, id)).line).toMatchObject({ review: 'approved', title: '张三丰' });
});
