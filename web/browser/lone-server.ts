import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { adminAt } from './admin.ts';
import { program } from './house.ts';

const run = promisify(execFile);

/** A server beside the demonstration's, which may be stopped and set back. */
export class LoneServer {
  url = '';
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    /** Settings of its own, as variables of its environment. */
    private readonly settings: Record<string, string> = {},
  ) {}

  /** Starts one with nothing in it. */
  static async start(): Promise<LoneServer> {
    const server = new LoneServer(await mkdtemp(join(tmpdir(), 'lone-server-')));
    await server.resume();
    return server;
  }

  /** Starts one with what the demonstration's database holds now; its photos stay behind. */
  static async copyOfHouse(settings: Record<string, string>): Promise<LoneServer> {
    const server = new LoneServer(await mkdtemp(join(tmpdir(), 'lone-server-')), settings);
    await run(program('DAYBOOK_BIN'), ['backup', server.backup, '--data-dir', inject('house').data]);
    await server.restore();
    return server;
  }

  admin<T = { id: string }>(...order: string[]): Promise<T> {
    return adminAt(this.data, ...order);
  }

  /** Copies its database. */
  async backUp(): Promise<void> {
    await run(program('DAYBOOK_BIN'), ['backup', this.backup, '--data-dir', this.data]);
  }

  /** Sets it back to that copy, as an operator does who has lost the disk. Its address is another one then. */
  async restore(): Promise<void> {
    await this.stop();
    await run(program('DAYBOOK_BIN'), ['restore', '--set-aside', this.backup, '--data-dir', this.data]);
    await this.resume();
  }

  /** Ends it, and forgets everything. */
  async away(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private get backup(): string {
    return join(this.folder, 'backup.db');
  }

  private async resume(): Promise<void> {
    const serve = ['serve', '--data-dir', this.data, '--listen', '127.0.0.1:0', '--metrics-listen', 'off'];
    const child = spawn(program('DAYBOOK_BIN'), serve, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.settings },
    });
    this.process = child;
    const said: string[] = [];
    this.url = await new Promise((resolve, reject) => {
      let address = '';
      const hear = (line: string) => {
        said.push(line);
        address = / listening http=(\S+)$/.exec(line)?.[1] ?? address;
        if (/ ready folder=/.test(line)) resolve(`http://${address}`);
      };
      for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', hear);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${said.join('\n')}`)));
    });
  }

  private async stop(): Promise<void> {
    const { process } = this;
    if (!process || process.exitCode !== null) return;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGTERM');
    await ended;
  }
}
