// The tests of tests/web: one browser, one lake, one file after the other.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../tests/web', import.meta.url)),
  test: {
    include: ['*_test.ts'],
    environment: 'node',
    fileParallelism: false,
    globalSetup: './stage_setup.ts',
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A shared machine stalls now and then; what is wrong fails twice.
    retry: process.env['CI'] ? 1 : 0,
  },
});
