import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { program } from './house.ts';

const run = promisify(execFile);

/** What an administrator does at the machine of a server (`daybook admin`), whose data lie there. */
export async function adminAt<T = { id: string }>(data: string, ...order: string[]): Promise<T> {
  const { stdout } = await run(program('DAYBOOK_BIN'), ['admin', ...order, '--json', '--data-dir', data]);
  return JSON.parse(stdout) as T;
}

/** The same at the server of the demonstration. */
export const admin = <T = { id: string }>(...order: string[]): Promise<T> => adminAt(inject('house').data, ...order);
