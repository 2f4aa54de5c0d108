import { mkdir } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Desk } from './desk.ts';
import { settled } from './pages.ts';

const PICTURES = new URL('pictures/', import.meta.url).pathname;

/** A desk, and a tablet. */
const WIDTHS = [820, 1280];

/** How high the window is, and how high it is made at most for what is long. */
const HEIGHT = 820;
const HIGHEST = 6_000;

const LANGUAGES = ['zh', 'en'] as const;
type Language = (typeof LANGUAGES)[number];

/** Tables, cells of them, sheets, and lines of the queue that hold more than they show. */
const cut = () =>
  [...document.querySelectorAll('.list, .ant-table-cell, .sheet, .plain, .queued > span')]
    .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
    .map((box) => `${box.className}: ${box.textContent?.slice(0, 60)}`);

/** How much lies below what scrolls shows: in a dialog where one is open, else on the page or in the record under review. */
const below = () => {
  const boxes = (of: string) => [...document.querySelectorAll(of)].filter(({ clientHeight }) => clientHeight > 0);
  const above = boxes('.ant-modal-wrap');
  const scrolled = above.length > 0 ? above : boxes('.main, .review-item');
  return Math.max(0, ...scrolled.map(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight));
};

/** Somebody who looks at everything at both widths, and in both languages, without fetching it again for that: pictures
 * are taken, nothing is cut, and axe finds nothing serious. */
export class Looker {
  private constructor(
    readonly desk: Desk,
    /** What the names of their pictures begin with. */
    private readonly who: string,
  ) {}

  static async at(desk: Desk, who = ''): Promise<Looker> {
    await mkdir(PICTURES, { recursive: true });
    return new Looker(desk, who);
  }

  /** Looks at what is on the screen, in the language in which it is. */
  async look(name: string): Promise<void> {
    const { page } = this.desk;
    const language = await page.evaluate(() => document.documentElement.lang);
    await expect.poll(() => page.evaluate(() => [...document.images].every(({ complete }) => complete))).toBe(true);
    const before = page.viewportSize();
    for (const width of WIDTHS) {
      await this.unroll(width);
      const picture = [language, width, this.who, name].filter((part) => part !== '').join('-');
      await page.screenshot({ path: `${PICTURES}${picture}.png` });
      // Others see less of what head quarters sees, and what the width changes was searched there.
      if (this.who === '' || width === WIDTHS[0]) expect(await this.desk.barriers(), picture).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), picture).toBeLessThanOrEqual(0);
      expect(await page.evaluate(cut), picture).toEqual([]);
    }
    if (before) await this.resize(before.width, before.height);
  }

  /** Looks at a page. */
  async lookAt(name: string, path: string): Promise<void> {
    const { page } = this.desk;
    await page.goto(path);
    if (path.includes('view=map')) await page.locator('.map-sheet p[role=status]').waitFor();
    await settled(page);
    await this.look(name);
  }

  /** Looks at a page in both languages: in that of the page before, then in the other one. */
  async lookTwice(name: string, path: string): Promise<void> {
    await this.lookAt(name, path);
    await this.change();
    await settled(this.desk.page);
    await this.look(name);
  }

  /** Opens something above a page, and looks at it, in both languages. The page is fetched once. */
  async lookAbove(name: string, path: string, open: () => Promise<void>): Promise<void> {
    const { page } = this.desk;
    await page.goto(path);
    await settled(page);
    for (const _ of LANGUAGES) {
      await open();
      await this.appeared();
      await this.look(name);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await this.change();
      await settled(page);
    }
  }

  /** The page as it is printed. */
  async print(name: string): Promise<void> {
    const { page } = this.desk;
    await page.emulateMedia({ media: 'print' });
    const language = await page.evaluate(() => document.documentElement.lang);
    await page.screenshot({ path: `${PICTURES}${language}-${name}-printed.png`, fullPage: true });
    await page.emulateMedia({ media: null });
  }

  /** Reads on in the other language. */
  async change(): Promise<void> {
    const { page } = this.desk;
    const present = (await page.evaluate(() => document.documentElement.lang)).slice(0, 2) as Language;
    const next = LANGUAGES[1 - LANGUAGES.indexOf(present)];
    await page.locator(`label:has([lang=${next}])`).click();
    await page.locator(`html[lang^=${next}]`).waitFor({ state: 'attached' });
  }

  /** Makes the window as high as what it shows. A map grows with it, so it is not done at once. */
  private async unroll(width: number): Promise<void> {
    let height = HEIGHT;
    await this.resize(width, height);
    for (;;) {
      const more = await this.desk.page.evaluate(below);
      if (more === 0 || height === HIGHEST) return;
      height = Math.min(height + more, HIGHEST);
      await this.resize(width, height);
    }
  }

  private async resize(width: number, height: number): Promise<void> {
    const { page } = this.desk;
    await page.setViewportSize({ width, height });
    // Tables measure themselves anew in the next frame.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  }

  /** A dialog stands where it will stay: antd has taken its classes for appearing away. */
  private async appeared(): Promise<void> {
    await this.desk.page.getByRole('dialog').waitFor();
    await this.desk.page.waitForSelector('.ant-modal-root [class*="-appear"]', { state: 'detached' });
  }
}
