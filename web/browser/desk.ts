import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Download, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject } from 'vitest';

/** The browser of the run; closing it ends only what was opened with it. */
export const openBrowser = (): Promise<Browser> => chromium.connect(inject('house').browser);

export interface DeskOptions {
  locale?: string;
  width?: number;
  /** The time zone of the place where the desk stands; that of the machine otherwise. */
  zone?: string | undefined;
  /** The server; that of the demonstration otherwise. */
  url?: string;
}

/** Somebody at the console: a browser of their own, and everything that went wrong in it. */
export class Desk {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    /** Errors of scripts and breaches of the content security policy. */
    readonly wrongs: string[],
  ) {
    Desk.taken.add(this);
  }

  /** Those that are not closed yet. */
  static readonly taken = new Set<Desk>();

  static async open(browser: Browser, options: DeskOptions = {}): Promise<Desk> {
    const { locale = 'en-GB', width = 1280, zone: timezoneId, url = inject('house').url } = options;
    // Nothing moves: a picture shows how it stays, and contrast is not measured while something fades in.
    const reducedMotion = 'reduce';
    const viewport = { width, height: 820 };
    const context = await browser.newContext({ locale, baseURL: url, viewport, reducedMotion, ...(timezoneId && { timezoneId }) });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const wrongs: string[] = [];
    page.on('pageerror', (error) => wrongs.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|Warning:/.test(message.text())) wrongs.push(message.text());
    });
    return new Desk(context, page, wrongs);
  }

  /** Signs in by the form, as the first member of staff with this role. */
  async signIn(role: string): Promise<void> {
    const staff = inject('house').staff[role];
    if (!staff) throw new Error(`the demonstration has no ${role}`);
    await this.signInAs(staff);
  }

  async signInAs(staff: { login: string; password: string }): Promise<void> {
    await this.page.goto('/sign-in');
    await this.page.locator('input[autocomplete=username]').fill(staff.login);
    await this.page.locator('input[type=password]').fill(staff.password);
    await this.page.locator('button[type=submit]').click();
    await this.page.waitForURL('**/records');
  }

  /** What the server says to this person. */
  async ask<T>(path: string): Promise<T> {
    const answer = await this.page.request.get(path);
    expect(answer.status(), path).toBe(200);
    return (await answer.json()) as T;
  }

  /** Does something at the server as this person, beside the page. */
  async tell<T>(method: 'POST' | 'PATCH' | 'PUT', path: string, data: unknown): Promise<T> {
    const answer = await this.page.request.fetch(path, { method, data });
    expect(answer.status(), path).toBe(200);
    return (await answer.json()) as T;
  }

  /** From the next page on nothing is heard of what others do meanwhile: a decision comes too late for sure. */
  async goDeaf(): Promise<void> {
    await this.page.route('**/api/v1/events', (route) => route.abort());
  }

  /** What axe finds serious. */
  async barriers(): Promise<string[]> {
    // It stays as long as the page does, and nobody asks about what is well.
    if (!(await this.page.evaluate(() => 'axe' in globalThis))) await this.page.evaluate(axe.source);
    const results = await this.page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
    );
    return (results as AxeResults).violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  }

  /** What is on the screen, for whoever looks into a failure; a picture goes to the folder. */
  async evidence(folder: string, name: string): Promise<string> {
    const picture = `${folder}/${name}.png`;
    await this.page.screenshot({ path: picture });
    const seen = await this.page.evaluate(() => ({
      focus: document.activeElement?.outerHTML.slice(0, 200),
      typed: [...document.querySelectorAll<HTMLInputElement>('input:not([type=checkbox], [type=radio]), textarea')]
        .map(({ value }) => value)
        .filter((value) => value !== ''),
      text: ([...document.querySelectorAll<HTMLElement>('[role=dialog]')].at(-1) ?? document.body).innerText.slice(0, 2_000),
    }));
    return [this.page.url(), picture, ...this.wrongs, JSON.stringify(seen, null, 1)].join('\n');
  }

  async close(): Promise<void> {
    Desk.taken.delete(this);
    await this.context.close();
    expect(this.wrongs).toEqual([]);
  }
}

/** The browser, and somebody at a desk through the tests of a file. */
export interface Sitting {
  browser: Browser;
  desk: Desk;
}

/** Has somebody with this role sit at a desk from before the first test of the file until after its last. */
export function sitting(role: string): Sitting {
  const at = {} as Sitting;
  beforeAll(async () => {
    at.browser = await openBrowser();
    at.desk = await Desk.open(at.browser);
    await at.desk.signIn(role);
  });
  afterAll(async () => {
    await at.desk.close();
    await at.browser.close();
  });
  return at;
}

export interface Person {
  id: string;
  name: string;
  role: string;
}

/** Somebody who has a phone. */
export const firstPromoter = async (desk: Desk): Promise<Person> =>
  first(await desk.ask<Person[]>('/api/v1/people'), ({ role }) => role === 'promoter');

/** What somebody took away. */
export async function contentsOf(download: Download): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await download.createReadStream()) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

export interface Line {
  id: string;
  title: string;
  kind: string;
  day: string;
  owner: string;
  office: string;
  team: string | null;
  review: string;
  review_reason: string | null;
  conflicts: number;
  flags: string[];
  heads: string[];
}

/** Records as the list gives them. */
export const lines = async (desk: Desk, query: string): Promise<Line[]> =>
  (await desk.ask<{ items: Line[] }>(`/api/v1/records?${query}`)).items;

export interface Detail {
  line: Line;
  /** As they are now; in the line they are as they were when something was last published about the record. */
  flags: unknown[];
  record: { facts: Record<string, unknown>; conflicts: { field: string; values: { value: unknown; shown: boolean }[] }[] };
}

export const record = (desk: Desk, id: string): Promise<Detail> => desk.ask<Detail>(`/api/v1/records/${id}`);

/** The first record that passes; there is one in the demonstration's data. */
export function first<T>(items: T[], passes: (item: T) => boolean = () => true): T {
  const found = items.find(passes);
  if (found === undefined) throw new Error('the demonstration has no such record');
  return found;
}
