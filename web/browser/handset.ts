import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { admin } from './admin.ts';
import { program } from './house.ts';

const run = promisify(execFile);

/** A real phone without a screen (tests/src/bin/handset.rs). */
export class Handset {
  private constructor(
    private readonly folder: string,
    /** The time zone in which it is, as the environment variable `TZ` names it. */
    private readonly zone: string,
  ) {}

  /** Enrols a new phone for somebody of the demonstration, which then exchanges for the first time. */
  static async enrol(person: string, label: string, zone = 'Asia/Shanghai'): Promise<Handset> {
    const handset = await Handset.silent(person, label, zone);
    await handset.order('sync');
    return handset;
  }

  /** Enrols a new phone that has never exchanged anything. */
  static async silent(person: string, label: string, zone = 'Asia/Shanghai'): Promise<Handset> {
    const { code } = await admin<{ code: string }>('code', 'issue', '--person', person);
    return Handset.redeem(code, label, zone);
  }

  /** Enrols a new phone with a code that somebody was given. */
  static async redeem(code: string, label: string, zone = 'Asia/Shanghai'): Promise<Handset> {
    const handset = new Handset(await mkdtemp(join(tmpdir(), 'handset-')), zone);
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
    const { stdout } = await run(program('DAYBOOK_HANDSET'), [...place, ...order], { env: { ...process.env, TZ: this.zone } });
    return JSON.parse(stdout) as T;
  }
}
