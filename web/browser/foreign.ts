import type { Page } from 'playwright-core';

/** Parts of a page that are used, or that somebody goes to; what they are called is heard. */
const HEARD = new Set([
  ...['button', 'link', 'checkbox', 'radio', 'switch', 'combobox', 'textbox', 'searchbox', 'spinbutton', 'option', 'menuitem', 'tab'],
  ...['dialog', 'region', 'navigation', 'group', 'radiogroup', 'toolbar', 'list', 'table', 'columnheader', 'image', 'img', 'progressbar'],
]);

/** What is called so in Chinese too, or is no word. */
const ALSO_CHINESE = [
  /^English$/,
  /^Daybook$/,
  // Forms of files.
  /^(CSV|Excel|XLSX|JSON)$/i,
  // The demonstration's survey and a member of its staff, and what machines call things.
  /^(bank-marketing|headquarters)$/,
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
];

/** The names of what can be heard that are no Chinese, though the page is. */
export async function foreignNames(page: Page): Promise<string[]> {
  const tools = await page.context().newCDPSession(page);
  const { nodes } = await tools.send('Accessibility.getFullAXTree');
  await tools.detach();
  const heard = nodes
    .filter(({ ignored, role }) => !ignored && HEARD.has(String(role?.value)))
    .flatMap(({ role, name, description }) => [name, description].map((says) => ({ role, says: String(says?.value ?? '').trim() })));
  const foreign = heard.filter(
    ({ says }) => /\p{Script=Latin}{2}/u.test(says) && !/\p{Script=Han}/u.test(says) && !ALSO_CHINESE.some((name) => name.test(says)),
  );
  return [...new Set(foreign.map(({ role, says }) => `${String(role?.value)}: ${says}`))];
}
