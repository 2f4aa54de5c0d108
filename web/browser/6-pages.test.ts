import { expect, test } from 'vitest';
import { Desk, first, lines } from './desk.ts';
import { Looker } from './look.ts';
import { PAGES } from './pages.ts';
import { stage } from './stage.ts';

const at = stage('江北分所', '南山分所');

/** What the picture of a page in the menu is called. */
const nameOf = (path: string): string => path.slice(1).replace(/\?.*/, '-map');

/** Where an amendment and a change that was quarantined are looked at. */
async function setAside(desk: Desk): Promise<[string, string][]> {
  const { items: held } = await desk.ask<{ items: { record: string; device: string }[] }>('/api/v1/amendments');
  const { items: aside } = await desk.ask<{ items: { id: number }[] }>('/api/v1/quarantine');
  const amendment = first(held);
  return [
    ['amendment', `/amendments/${amendment.record}/${amendment.device}`],
    ['quarantined', `/quarantine/${first(aside).id}`],
  ];
}

/** A record of each kind; a survey with all that surveys have, and not one of those that tests ask in the street. */
async function recordPages(desk: Desk): Promise<[string, string][]> {
  const pages: [string, string][] = [];
  for (const query of ['kind=lead&conflict=true', 'kind=visit', 'kind=survey']) {
    const { id, kind } = first(await lines(desk, query), ({ kind, title }) => kind !== 'survey' || title === 'bank-marketing');
    pages.push([`record-${kind}`, `/records/${id}`]);
  }
  return pages;
}

/** The days of both offices. */
const days = (): [string, string][] => [
  ['board', at.open.board],
  ['board-missing', `${at.open.board}?missing=true`],
  ['board-closed', at.closed.board],
  ['supplement', `${at.closed.board}/statements/1`],
  ['rota-filled', `/rota?office=${at.closed.office}`],
  ['statement', `${at.closed.board}/statements/0`],
];

/** The pages that somebody's menu has. */
async function menu(desk: Desk): Promise<string[]> {
  const links = desk.page.locator('nav a');
  await links.first().waitFor();
  const targets = await links.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  return PAGES.filter((path) => targets.includes(path.replace(/\?.*/, '')) || path === '/account');
}

test('every page is accessible and fits for head quarters, in both languages and at both widths', async () => {
  const desk = await Desk.open(at.browser);
  const { page } = desk;
  const looker = await Looker.at(desk);
  await page.goto('/sign-in');
  for (const _ of ['en', 'zh']) {
    await page.locator('input[autocomplete=username]').waitFor();
    await looker.look('sign-in');
    await looker.change();
  }
  await desk.signIn('hq_admin');
  expect(await menu(desk)).toEqual(PAGES);
  for (const path of PAGES) await looker.lookTwice(nameOf(path), path);
  for (const [name, path] of [...(await recordPages(desk)), ...(await setAside(desk)), ...days()]) {
    await looker.lookTwice(name, path);
  }
  await looker.print('statement');
  await looker.change();
  await looker.print('statement');
  await page.goto('/settings');
  for (const _ of ['en', 'zh']) {
    await page.locator('.offices td .ant-btn').first().click();
    await page.locator('.naming input:focus').waitFor();
    await looker.look('settings-office');
    await page.keyboard.press('Escape');
    await looker.change();
  }
  await desk.close();
});

test('every page is accessible and fits for the secretary of an office, in both languages', async () => {
  const desk = await Desk.open(at.browser);
  const looker = await Looker.at(desk, 'secretary');
  await desk.signInAs(at.closed.secretary);
  const { id } = first(await lines(desk, 'kind=lead'));
  const paths = await menu(desk);
  expect(paths).not.toContain('/audit');
  for (const path of paths) await looker.lookTwice(nameOf(path), path);
  for (const [name, path] of [
    ['record', `/records/${id}`],
    ['board', at.closed.board],
    ['statement', `${at.closed.board}/statements/0`],
    ['refused', '/audit'],
  ] as const) {
    await looker.lookTwice(name, path);
  }
  await desk.close();
});

test('every page is accessible and fits for the auditor, who sees it as head quarters does, but for what changes something', async () => {
  const desk = await Desk.open(at.browser);
  const looker = await Looker.at(desk, 'auditor');
  await desk.signIn('auditor');
  for (const path of await menu(desk)) await looker.lookAt(nameOf(path), path);
  for (const [name, path] of [...(await recordPages(desk)), ...(await setAside(desk)), ['board', at.open.board] as const]) {
    await looker.lookAt(name, path);
  }
  await desk.close();
});
