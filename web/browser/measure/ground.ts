import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestProject } from 'vitest/node';
import { launchBrowser, program } from '../house.ts';

/** A server with very many records, and somebody who sees all of them. */
export interface Ground {
  url: string;
  login: string;
  password: string;
  records: number;
  promoters: number;
  browser: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    ground: Ground;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DAYBOOK_BENCH_ARGUMENTS?.split(' ').filter(Boolean) ?? [];
  const bench = spawn(program('DAYBOOK_BENCH'), ['console', ...given], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => bench.once('exit', resolve));
  const said = await new Promise<string>((resolve, reject) => {
    createInterface(bench.stdout).once('line', resolve);
    bench.once('error', reject);
    void ended.then((code) => reject(new Error(`the server ended with ${code}`)));
  });
  const browser = await launchBrowser();
  project.provide('ground', { ...(JSON.parse(said) as Omit<Ground, 'browser'>), browser: browser.wsEndpoint() });
  return async () => {
    await browser.close();
    bench.stdin.end();
    await ended;
  };
}
