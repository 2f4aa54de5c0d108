import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { program } from './house.ts';

const run = promisify(execFile);

/** What an administrator does at the machine of the server (`daybook admin`). */
export async function admin<T = { id: string }>(...order: string[]): Promise<T> {
  const { data } = inject('house');
  const { stdout } = await run(program('DAYBOOK_BIN'), ['admin', ...order, '--json', '--data-dir', data]);
  return JSON.parse(stdout) as T;
}
