import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { Desk, first, openBrowser, record } from './desk.ts';
import { Evening } from './evening.ts';

/** Two evenings with everything that a board shows. */
export interface Stage {
  browser: Browser;
  /** Open, with phones missing. */
  open: Evening;
  /** Closed with phones missing, with a supplement, and another late record. */
  closed: Evening;
}

/** Sets the stage before the first test of a file; the offices are called so. */
export function stage(openName: string, closedName: string): Stage {
  const set = {} as Stage;
  beforeAll(async () => {
    set.browser = await openBrowser();
    set.open = await Evening.come(openName);
    // A customer of whom nothing is known yet.
    await set.open.phones.in.lead('');
    await set.open.phones.in.lead('未封存的客户');
    set.closed = await closedEvening(set.browser, closedName);
  });
  afterAll(async () => {
    await set.open.over();
    await set.closed.over();
    await set.browser.close();
  });
  return set;
}

async function closedEvening(browser: Browser, name: string): Promise<Evening> {
  const evening = await Evening.come(name);
  const desk = await Desk.open(browser);
  await desk.signInAs(evening.secretary);
  await desk.tell('PUT', `/api/v1/offices/${evening.office}/consultants`, { names: ['李静', '陈晨', '王芳'] });
  const lead = await evening.phones.in.lead('到访的客户');
  await desk.tell('POST', `/api/v1/records/${lead}/arrival`, { confirmation_slip: 'A-17' });
  const missing = (await evening.missing(desk)).map((device) => ({ device, reason: '在山里，没有网络' }));
  await desk.tell('POST', `/api/v1${evening.board}/close`, { missing });
  await evening.phones.first.lead('补充的客户');
  await desk.tell('POST', `/api/v1${evening.board}/supplements`, { reason: '隧道里没有网络' });
  await evening.phones.second.lead('迟到的客户');
  // The office's phone changes what is decided, and one that is cut off goes on.
  const chief = await Desk.open(browser);
  await chief.signIn('hq_admin');
  const { heads } = (await record(chief, lead)).line;
  await chief.tell('POST', `/api/v1/records/${lead}/review`, { state: 'approved', seen: heads });
  await evening.phones.in.rename(lead, '到访的客户，改名');
  const cut = await evening.another('赵敏');
  await cut.lead('停用之前');
  const devices = await chief.ask<{ id: string; label: string }[]>('/api/v1/devices');
  await chief.tell('POST', `/api/v1/devices/${first(devices, ({ label }) => label === '赵敏的手机').id}/revoke`, {});
  await cut.lead('停用之后').catch(() => undefined);
  await cut.away();
  await chief.close();
  await desk.close();
  return evening;
}
