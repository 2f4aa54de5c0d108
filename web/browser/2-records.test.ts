import { expect, test } from 'vitest';
import { first, lines, record, sitting, type Line } from './desk.ts';
import { settled } from './pages.ts';

const at = sitting('reviewer');

test('the list goes on and back by pages, and its filter stands in the address', async () => {
  const { page } = at.desk;
  const firstRow = page.locator('tbody .row-link').first();
  await firstRow.waitFor();
  const atFirst = await firstRow.getAttribute('href');
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.waitForURL('**/records?after=**');
  await expect.poll(() => firstRow.getAttribute('href')).not.toBe(atFirst);
  await page.getByRole('button', { name: 'Previous page' }).click();
  await expect.poll(() => firstRow.getAttribute('href')).toBe(atFirst);

  await page.goto('/records?kind=lead&conflict=true');
  await firstRow.waitFor();
  await settled(page);
  const shown = await page.locator('tbody .row-link').count();
  expect(shown).toBe((await lines(at.desk, 'kind=lead&conflict=true')).length);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect.poll(() => new URL(page.url()).search).toBe('');
});

test('filters are kept by name for oneself, and columns chosen in this browser', async () => {
  const { page } = at.desk;
  await page.goto('/records?kind=visit&state=received');
  await page.getByRole('button', { name: 'Save this filter' }).click();
  await page.getByLabel('Name of the filter').fill('待审拜访');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '待审拜访', exact: true }).waitFor();
  await page.goto('/records');
  await page.getByRole('button', { name: '待审拜访', exact: true }).click();
  await page.waitForURL('**/records?kind=visit&state=received');
  await page.getByRole('button', { name: 'Remove 待审拜访' }).click();
  await page.getByRole('button', { name: '待审拜访', exact: true }).waitFor({ state: 'detached' });

  const changes = page.getByRole('columnheader', { name: 'Changes' });
  expect(await changes.count()).toBe(0);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByLabel('Changes', { exact: true }).check();
  await page.reload();
  await changes.waitFor();
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('button', { name: 'Reset' }).click();
  await changes.waitFor({ state: 'detached' });
});

test('records are narrowed to an office, a team and a promoter, and to all of them together', async () => {
  const { page } = at.desk;
  const [line] = await lines(at.desk, 'kind=visit&limit=1');
  const { office, team, owner } = line!;
  const chosen: [label: string, condition: string, among: string, id: string][] = [
    ['Office', 'office', 'offices', office],
    ['Team', 'team', 'teams', team ?? ''],
    ['Promoter', 'promoter', 'people', owner],
  ];
  const rows = page.locator('tbody tr[data-row-key]');
  const shown = () => rows.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-row-key')));
  const list = async (query: string) => (await lines(at.desk, `${query}&limit=50`)).map(({ id }) => id);
  const everything = await list('');
  const together: string[] = [];
  await page.goto('/records');
  for (const [label, condition, among, id] of chosen) {
    const { name } = first(await at.desk.ask<{ id: string; name: string }[]>(`/api/v1/${among}`), (one) => one.id === id);
    const field = page.getByRole('combobox', { name: label, exact: true });
    await field.fill(name);
    await page.locator('.ant-select-item-option').filter({ visible: true }).getByText(name, { exact: true }).click();
    together.push(`${condition}=${id}`);
    await expect.poll(() => new URL(page.url()).search).toBe(`?${together.join('&')}`);
    await settled(page);
    await expect.poll(shown, { message: label }).toEqual(await list(together.join('&')));
  }
  expect(await shown()).toContain(line!.id);
  expect(await shown()).not.toEqual(everything);

  // Another office has other teams and people.
  await page.getByRole('combobox', { name: 'Office', exact: true }).fill('');
  const elsewhere = first(await at.desk.ask<{ id: string; name: string }[]>('/api/v1/offices'), ({ id }) => id !== office);
  await page.getByRole('combobox', { name: 'Office', exact: true }).fill(elsewhere.name);
  await page.locator('.ant-select-item-option').filter({ visible: true }).getByText(elsewhere.name, { exact: true }).click();
  await expect.poll(() => new URL(page.url()).search).toBe(`?office=${elsewhere.id}`);
});

test('days are chosen as a range, and a single one as such', async () => {
  const { page } = at.desk;
  const [newest] = await lines(at.desk, 'limit=1');
  const day = newest?.day ?? '';
  for (const [days, search] of [
    [[day, day], `?day=${day}`],
    [['2020-01-01', day], `?from=2020-01-01&to=${day}`],
  ] as const) {
    await page.goto('/records');
    const [from, to] = [page.getByPlaceholder('From day'), page.getByPlaceholder('To day')];
    await from.click();
    await from.fill(days[0]);
    await page.keyboard.press('Enter');
    await to.fill(days[1]);
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).search).toBe(search);
    await page.locator('tbody .row-link').first().waitFor();
  }
  await page.goto('/records?to=2020-01-01');
  await page.getByText('No records match').waitFor();
});

test('a search that finds nothing says so and offers a way out', async () => {
  const { page } = at.desk;
  await page.goto('/records');
  await page.getByPlaceholder('Name, words, number').fill('no such words at all');
  await page.keyboard.press('Enter');
  await page.getByText('No records match').waitFor();
  await page.locator('.ant-empty').getByRole('button', { name: 'Clear filters' }).click();
  await page.locator('tbody .row-link').first().waitFor();
});

test('the lead in conflict is found, and one of its values taken', async () => {
  const { page } = at.desk;
  await page.goto('/records');
  await page.getByLabel('Kind', { exact: true }).click();
  await page.getByTitle('Lead', { exact: true }).click();
  await page.getByLabel('Conflicts', { exact: true }).click();
  await page.getByTitle('In conflict', { exact: true }).click();
  await page.waitForURL('**/records?kind=lead&conflict=true');
  const open = first(await lines(at.desk, 'kind=lead&conflict=true&state=received'));
  await page.locator(`a.row-link[href$="${open.id}"]`).click();
  await page.getByRole('heading', { name: 'Concurrent values' }).waitFor();

  const { field, values } = first((await record(at.desk, open.id)).record.conflicts);
  const other = first(values, (value) => !value.shown);
  const claim = page.locator('.conflict').first().locator('.claim', { hasText: String(other.value) }).first();
  await claim.getByRole('button', { name: 'Take this one' }).click();
  await page.getByText('Settled:').waitFor();
  const resolved = await record(at.desk, open.id);
  expect(resolved.record.conflicts.filter((conflict) => conflict.field === field)).toEqual([]);
  const [name, key] = field.split('/') as [string, string | undefined];
  const value = resolved.record.facts[name];
  expect(key ? (value as Record<string, unknown>)[key] : value).toBe(other.value);
  await expect.poll(() => page.locator('.conflict').count()).toBe(resolved.record.conflicts.length);
});

test('another conflict is settled by a value of one’s own', async () => {
  const { page } = at.desk;
  // A value of a map is a line of text, whatever the field.
  const details = await Promise.all((await lines(at.desk, 'conflict=true&state=received')).map(({ id }) => record(at.desk, id)));
  const { line: open, record: view } = first(details, ({ record }) => record.conflicts.some(({ field }) => field.includes('/')));
  const place = view.conflicts.findIndex(({ field }) => field.includes('/'));
  const field = view.conflicts[place]?.field;
  await page.goto(`/records/${open.id}`);
  await page.locator('.conflict').nth(place).getByRole('button', { name: 'New value' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New value').fill('核实后的值');
  await dialog.getByRole('button', { name: 'Write' }).click();
  await page.getByText('Settled:').waitFor();
  const resolved = await record(at.desk, open.id);
  expect(resolved.record.conflicts.filter((conflict) => conflict.field === field)).toEqual([]);
});

test('a new value is spoken of only where one can be written', async () => {
  const { page } = at.desk;
  const { id } = first(await lines(at.desk, 'kind=lead&conflict=true&state=received'));
  const detail = await record(at.desk, id);
  const [conflict] = detail.record.conflicts;
  const conflicts = page.getByRole('region', { name: 'Concurrent values' });
  const lead = conflicts.getByText('who did not know of each other');
  const box = conflicts.getByRole('button', { name: 'New value' });
  for (const [field, zone, words, boxes] of [
    ['name', 'facts', 'Take one of the values, or write a new one where that is offered.', 1],
    ['relation_group', 'facts', 'Take one of the values.', 0],
    ['team', 'office', undefined, 0],
  ] as const) {
    await page.route(`**/api/v1/records/${id}`, (route) =>
      route.fulfill({ json: { ...detail, record: { ...detail.record, conflicts: [{ ...conflict, field, zone }] } } }),
    );
    await page.goto(`/records/${id}`);
    await conflicts.waitFor();
    const said = await lead.innerText();
    expect(said.split('each other.')[1]?.trim() || undefined, field).toBe(words);
    expect(await box.count(), field).toBe(boxes);
    await page.unroute(`**/api/v1/records/${id}`);
  }
});

test('most of what comes in is clean, and each flag that the demonstration shows is there', async () => {
  const counted = async (query: string) => (await at.desk.ask<{ count: number }>(`/api/v1/records/count?${query}`)).count;
  const share = (await counted('flag=any')) / (await counted(''));
  expect(share).toBeGreaterThanOrEqual(0.03);
  expect(share).toBeLessThanOrEqual(0.1);
  for (const flag of [
    'mock_location',
    'clock_jump',
    'impossible_travel',
    'outside_geofence',
    'repeated_photo',
    'hasty_survey',
    'hasty_records',
    'duplicate_phone',
    'cloned_device',
    'late_record',
    'missing_consent',
  ]) {
    expect(await counted(`flag=${flag}`), flag).toBeGreaterThan(0);
  }
});

test('clean records are approved together, the others stay', async () => {
  const { page } = at.desk;
  const isClean = ({ flags }: Line) => flags.length === 0;
  // Most are clean, so whose survey is not is asked first.
  const { owner } = first(await lines(at.desk, 'state=received&kind=survey&conflict=false&flag=any'));
  const theirs = `state=received&kind=survey&conflict=false&promoter=${owner}`;
  await page.goto(`/records?${theirs}`);
  await page.locator('tbody .row-link').first().waitFor();
  const shown = await lines(at.desk, `${theirs}&limit=50`);
  const chosen = [first(shown, isClean), first(shown, (line) => !isClean(line))];
  // By keys, as everything.
  for (const { id } of chosen) await page.locator(`tr[data-row-key="${id}"] input[type=checkbox]`).press('Space');
  const clean = chosen.filter(isClean);
  await page.getByRole('button', { name: `Approve ${clean.length} clean` }).press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).press('Enter');
  await page.getByText(/records? approved\./).waitFor();
  for (const { id } of clean) expect((await record(at.desk, id)).line.review).toBe('approved');
});
