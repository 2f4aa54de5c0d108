import { expect, test } from 'vitest';
import { Desk, first, lines, record, sitting } from './desk.ts';

const at = sitting('reviewer');

const open = async () => first(await lines(at.desk, 'state=received&conflict=false'));

test('a record is approved, and reopened', async () => {
  const { page } = at.desk;
  const { id } = await open();
  await page.goto(`/records/${id}`);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  expect((await record(at.desk, id)).line.review).toBe('approved');
  await page.getByRole('button', { name: 'Reopen' }).click();
  await page.getByRole('button', { name: 'Approve' }).waitFor();
  expect((await record(at.desk, id)).line.review).toBe('received');
});

test('returning and rejecting need a reason, which stands in the record', async () => {
  const { page } = at.desk;
  for (const [button, state, reason] of [
    ['Return', 'returned', '请补充电话'],
    ['Reject', 'rejected', '重复登记'],
  ] as const) {
    const { id } = await open();
    await page.goto(`/records/${id}`);
    await page.getByRole('button', { name: button }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: button }).click();
    await dialog.getByText('Say why').waitFor();
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: button }).click();
    await page.locator('.verdict-note').getByText(reason).waitFor();
    expect((await record(at.desk, id)).line).toMatchObject({ review: state, review_reason: reason });
  }
});

test('the second reviewer’s stale decision is refused with what changed, and taken after a look', async () => {
  const other = await Desk.open(at.browser);
  await other.signIn('hq_admin');
  const { page } = at.desk;
  const lead = first(await lines(at.desk, 'state=received&conflict=false&kind=lead'));
  await at.desk.goDeaf();
  await page.goto(`/records/${lead.id}`);
  await page.getByRole('button', { name: 'Approve' }).waitFor();

  await other.tell('PATCH', `/api/v1/records/${lead.id}/facts`, { facts: { occupation: '飞行员' } });
  await page.getByRole('button', { name: 'Approve' }).click();
  const stale = page.locator('.stale');
  await stale.getByText('This record changed while you were looking at it').waitFor();
  await stale.getByText('What you decided or wrote was not taken.').waitFor();
  await stale.getByText('飞行员').waitFor();
  expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
  expect((await record(at.desk, lead.id)).line.review).toBe('received');

  await stale.getByRole('button', { name: 'I have seen this' }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  expect((await record(at.desk, lead.id)).line.review).toBe('approved');
  await other.close();
});

test('a value that came meanwhile is not overruled unseen', async () => {
  const other = await Desk.open(at.browser);
  await other.signIn('hq_admin');
  const { page } = at.desk;
  const lead = first(await lines(at.desk, 'state=received&conflict=false&kind=lead'));
  await at.desk.goDeaf();
  await page.goto(`/records/${lead.id}`);
  const write = async (occupation: string) => {
    await page.getByRole('button', { name: 'Correct Occupation' }).click();
    await page.getByRole('dialog').getByLabel('New value').fill(occupation);
    await page.getByRole('dialog').getByRole('button', { name: 'Write' }).click();
  };
  await page.getByRole('button', { name: 'Correct Occupation' }).waitFor();
  await other.tell('PATCH', `/api/v1/records/${lead.id}/facts`, { facts: { occupation: '潜水员' } });
  await write('教师');
  const stale = page.locator('.stale');
  await stale.getByText('What you decided or wrote was not taken.').waitFor();
  await stale.getByText('潜水员').waitFor();
  expect(await page.getByRole('button', { name: 'Correct Occupation' }).isDisabled()).toBe(true);

  await stale.getByRole('button', { name: 'I have seen this' }).click();
  await write('教师');
  await page.getByText('Settled:').waitFor();
  expect((await record(at.desk, lead.id)).record).toMatchObject({ facts: { occupation: '教师' } });
  await other.close();
});
