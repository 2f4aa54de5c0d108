import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Somebody's tiles: all show the same picture. */
export class TileServer {
  /** The tiles that it was asked for, as `zoom/column/row`. */
  readonly asked: string[] = [];
  /** Whether it answers with failures alone. */
  isBroken = false;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<TileServer> {
    const picture = await readFile(new URL('picture.png', import.meta.url));
    const server = createServer();
    const tiles = new TileServer(server);
    server.on('request', ({ url = '' }, answer) => {
      tiles.asked.push(/^\/(\d+\/\d+\/\d+)\.png$/.exec(url)?.[1] ?? `nothing that there is: ${url}`);
      // MapLibre fetches tiles from another origin than the page's.
      answer.setHeader('access-control-allow-origin', '*');
      if (tiles.isBroken) answer.writeHead(500).end();
      else answer.writeHead(200, { 'content-type': 'image/png' }).end(picture);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return tiles;
  }

  /** Where its tiles are, as a server of the console is told. */
  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/{z}/{x}/{y}.png`;
  }

  async away(): Promise<void> {
    const closed = new Promise((closed) => this.server.close(closed));
    this.server.closeAllConnections();
    await closed;
  }
}
