import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect, inject } from 'vitest';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS });

export interface DeskOptions {
  locale?: string;
  width?: number;
}

/** Somebody at the console: a browser of their own, and everything that went wrong in it. */
export class Desk {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    /** Errors of scripts and breaches of the content security policy. */
    readonly wrongs: string[],
  ) {}

  static async open(browser: Browser, { locale = 'en-GB', width = 1280 }: DeskOptions = {}): Promise<Desk> {
    const { url } = inject('house');
    // Nothing moves: a picture shows how it stays, and contrast is not measured while something fades in.
    const reducedMotion = 'reduce';
    const context = await browser.newContext({ locale, baseURL: url, viewport: { width, height: 820 }, reducedMotion });
    context.setDefaultTimeout(20_000);
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
    await this.page.evaluate(axe.source);
    const results = await this.page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    return (results as AxeResults).violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  }

  async close(): Promise<void> {
    await this.context.close();
    expect(this.wrongs).toEqual([]);
  }
}

export interface Line {
  id: string;
  title: string;
  kind: string;
  owner: string;
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
  record: { facts: Record<string, unknown>; conflicts: { field: string; values: { value: unknown; shown: boolean }[] }[] };
}

export const record = (desk: Desk, id: string): Promise<Detail> => desk.ask<Detail>(`/api/v1/records/${id}`);

/** The first record that passes; there is one in the demonstration's data. */
export function first<T>(items: T[], passes: (item: T) => boolean = () => true): T {
  const found = items.find(passes);
  if (found === undefined) throw new Error('the demonstration has no such record');
  return found;
}
