import type { Locator } from 'playwright-core';
import { PNG } from 'pngjs';
import decodeQR from 'qr/decode.js';

/** What a phone reads that looks at this part of the screen. */
export async function scan(code: Locator): Promise<string> {
  const { width, height, data } = PNG.sync.read(await code.screenshot());
  return decodeQR({ width, height, data });
}
