import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { chromium, type BrowserServer } from 'playwright-core';
import type { TestProject } from 'vitest/node';

/** A server with the demonstration's data, those who may sign in, and a browser. */
export interface House {
  url: string;
  /** Where the browser listens. */
  browser: string;
  /** Where its data lie, for `daybook admin`. */
  data: string;
  staff: Record<string, { login: string; password: string }>;
}

declare module 'vitest' {
  interface ProvidedContext {
    house: House;
  }
}

/** Small enough for CI, with everything that the console shows. */
const DEMONSTRATION = ['--phones', '6', '--records', '360'];

/** The programs that the tests need; `cargo xtask console test` names them. */
export function program(variable: 'DAYBOOK_BIN' | 'DAYBOOK_DEMO' | 'DAYBOOK_HANDSET' | 'DAYBOOK_BENCH'): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} names no program; run \`cargo xtask console test\``);
  return path;
}

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

export const launchBrowser = (): Promise<BrowserServer> =>
  chromium.launchServer({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS });

/** Plays the demonstration, which leaves its server up, and ends it and the browser after the tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const demo = spawn(program('DAYBOOK_DEMO'), DEMONSTRATION, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [house, browser] = await Promise.all([opened(demo), launchBrowser()]);
  project.provide('house', { ...house, browser: browser.wsEndpoint() });
  return async () => {
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    demo.kill('SIGTERM');
    await Promise.all([ended, browser.close()]);
  };
}

function opened(demo: ChildProcess): Promise<Omit<House, 'browser'>> {
  const house = { url: '', data: '', staff: {} as House['staff'] };
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const hear = (line: string) => {
      said.push(line);
      const url = /stays up at (\S+) until/.exec(line)?.[1];
      const login = /^ {2}(\w+) +(\S+) +(\S+)$/.exec(line);
      const data = /^Its data lie in (.+)$/.exec(line)?.[1];
      if (url) house.url = url;
      else if (login?.[1] && login[2] && login[3]) house.staff[login[1]] ??= { login: login[2], password: login[3] };
      if (data) resolve({ ...house, data });
    };
    for (const stream of [demo.stdout, demo.stderr]) if (stream) createInterface(stream).on('line', hear);
    demo.once('error', reject);
    demo.once('exit', (code) => reject(new Error(`the demonstration ended with ${code}:\n${said.join('\n')}`)));
  });
}
