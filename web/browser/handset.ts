import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { program } from './house.ts';

const run = promisify(execFile);

/** A real phone without a screen (tests/src/bin/handset.rs). */
export class Handset {
  private constructor(private readonly folder: string) {}

  /** Enrols a new phone for somebody of the demonstration. */
  static async enrol(person: string, label: string): Promise<Handset> {
    const { data } = inject('house');
    const issue = ['admin', 'code', 'issue', '--person', person, '--json', '--data-dir', data];
    const { stdout } = await run(program('DAYBOOK_BIN'), issue);
    const { code } = JSON.parse(stdout) as { code: string };
    const handset = new Handset(await mkdtemp(join(tmpdir(), 'handset-')));
    await handset.order('enrol', code, label);
    return handset;
  }

  async lead(name: string): Promise<string> {
    return (await this.order<{ id: string }>('lead', name)).id;
  }

  async rename(id: string, name: string): Promise<void> {
    await this.order('rename', id, name);
  }

  async photo(id: string, file: string): Promise<void> {
    await this.order('photo', id, file);
  }

  async away(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  private async order<T>(...order: string[]): Promise<T> {
    const { url } = inject('house');
    const place = ['--store', join(this.folder, 'phone.db'), '--server', url];
    const { stdout } = await run(program('DAYBOOK_HANDSET'), [...place, ...order]);
    return JSON.parse(stdout) as T;
  }
}
