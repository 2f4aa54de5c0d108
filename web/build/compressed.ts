import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Below this a compressed copy saves nothing that anybody notices. */
const WORTH_BYTES = 1024;

/** Lays a gzip copy beside each text file, so that the server sends it as it is and compresses nothing itself. */
export function compressed(): Plugin {
  return {
    name: 'daybook-compressed',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        const content = file.type === 'chunk' ? file.code : file.source;
        const bytes = Buffer.from(content);
        if (/\.(js|mjs|css|svg)$/.test(file.fileName) && bytes.length >= WORTH_BYTES) {
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: gzipSync(bytes, { level: 9 }) });
        }
      }
    },
  };
}
