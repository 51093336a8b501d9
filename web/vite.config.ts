import { defineConfig } from 'vitest/config';
import { mock } from './dev/mock';

// `FRONTMONTH_URL=http://127.0.0.1:8080 npm run dev` works on the page over a running server; without it, over an
// invented market.
const server = process.env['FRONTMONTH_URL'];

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  plugins: server ? [] : [mock()],
  build: {
    target: 'es2022',
    // The Content-Security-Policy forbids data: addresses, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    ...(server ? { proxy: { '/api': { target: server } } } : {}),
  },
  test: { include: ['src/**/*_test.ts'], environment: 'node' },
});
