import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Below this a compressed copy saves nothing that anybody notices. */
const WORTH_BYTES = 1024;

/**
 * Lays a gzip copy beside each text file, so that the server sends it as it is and compresses nothing itself. Not
 * before the files are written: until then Vite still changes what is in them.
 */
export function compressed(): Plugin {
  return {
    name: 'daybook-compressed',
    apply: 'build',
    async writeBundle({ dir = '' }, bundle) {
      for (const file of Object.keys(bundle).filter((file) => /\.(js|mjs|css|svg)$/.test(file))) {
        const path = join(dir, file);
        const bytes = await readFile(path);
        if (bytes.length >= WORTH_BYTES) await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
