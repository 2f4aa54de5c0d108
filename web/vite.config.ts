import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compressed } from './build/compressed.ts';
import { quietIcons } from './build/quiet-icons.ts';

// During development the pages come from Vite and everything else from a running `daybook serve`.
const server = process.env.DAYBOOK_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), quietIcons(), compressed()],
  // The server puts another one into every answer (server/src/routes/console.rs).
  html: { cspNonce: '__NONCE__' },
  build: {
    target: 'es2023',
    // A page that is inlined as data: would need leave in the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: {
    proxy: {
      '/api': { target: server, changeOrigin: true },
      '/openapi.json': { target: server, changeOrigin: true },
    },
  },
});
