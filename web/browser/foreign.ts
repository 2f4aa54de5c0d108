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
  /^(CSV|Excel（XLSX）)$/,
  // The demonstration's survey, and its staff.
  /^(bank-marketing( 2014)?|headquarters|auditor)$/,
  // A question, an answer and how many gave it, as forms call them.
  /^[a-z_]+(, \w+)?: \d+$/,
];

/** What stands in lists and headings as words is what people have called their records, in whatever language. */
const written = () =>
  [...document.querySelectorAll('tbody :is(td, a), .queue span, .record-lines a, .map-list a, .gallery a, dd a, h1, h2, h2 a')].map(
    ({ textContent }) => textContent.trim(),
  );

/** The names of what can be heard that are no Chinese, though the page is. */
export async function foreignNames(page: Page): Promise<string[]> {
  const tools = await page.context().newCDPSession(page);
  const { nodes } = await tools.send('Accessibility.getFullAXTree');
  await tools.detach();
  const theirs = new Set(await page.evaluate(written));
  const heard = nodes
    .filter(({ ignored, role }) => !ignored && HEARD.has(String(role?.value)))
    .flatMap(({ role, name, description }) => [name, description].map((says) => ({ role, says: String(says?.value ?? '').trim() })));
  const foreign = heard.filter(
    ({ says }) =>
      /\p{Script=Latin}{2}/u.test(says) &&
      !/\p{Script=Han}/u.test(says) &&
      !theirs.has(says) &&
      !ALSO_CHINESE.some((name) => name.test(says)),
  );
  return [...new Set(foreign.map(({ role, says }) => `${String(role?.value)}: ${says}`))];
}
