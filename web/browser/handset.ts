import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, inject } from 'vitest';
import { admin } from './admin.ts';
import { firstPromoter, type Person, type Sitting } from './desk.ts';
import { program } from './house.ts';

const run = promisify(execFile);

/** A real phone without a screen (tests/src/bin/handset.rs). */
export class Handset {
  private constructor(
    private readonly folder: string,
    /** The time zone in which it is, as the environment variable `TZ` names it. */
    private readonly zone: string,
    /** Its server. */
    private url: string,
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
  static async redeem(code: string, label: string, zone = 'Asia/Shanghai', url = inject('house').url): Promise<Handset> {
    const handset = new Handset(await mkdtemp(join(tmpdir(), 'handset-')), zone, url);
    await handset.order('enrol', code, label);
    return handset;
  }

  async lead(name: string): Promise<string> {
    return (await this.order<{ id: string }>('lead', name)).id;
  }

  /** Asks one question of so many people. */
  async surveys(form: string, question: string, answers: string[]): Promise<void> {
    await this.order('surveys', form, question, ...answers);
  }

  async rename(id: string, name: string): Promise<void> {
    await this.order('rename', id, name);
  }

  async photo(id: string, file: string): Promise<void> {
    await this.order('photo', id, file);
  }

  /** Exchanges, and says what the office last reminded it of. */
  async sync(): Promise<{ reminder: { day: string; by: string } | null }> {
    return this.order('sync');
  }

  /** From now on its server answers there. */
  follow(url: string): void {
    this.url = url;
  }

  async away(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  private async order<T>(...order: string[]): Promise<T> {
    const place = ['--store', join(this.folder, 'phone.db'), '--server', this.url];
    const { stdout } = await run(program('DAYBOOK_HANDSET'), [...place, ...order], { env: { ...process.env, TZ: this.zone } });
    return JSON.parse(stdout) as T;
  }
}

/** A phone of a promoter of the demonstration, from before the first test of the file until after its last. */
export function phoneOf(at: Sitting, label: string): { handset: Handset; owner: Person } {
  const held = {} as { handset: Handset; owner: Person };
  beforeAll(async () => {
    held.owner = await firstPromoter(at.desk);
    held.handset = await Handset.enrol(held.owner.id, label);
  });
  afterAll(() => held.handset.away());
  return held;
}
