import { defineConfig } from 'vitest/config';

// Not a test: how long pages take with everything that came in over months (`cargo xtask bench console`).
export default defineConfig({
  test: {
    include: ['browser/measure/*.measure.ts'],
    environment: 'node',
    globalSetup: 'browser/measure/ground.ts',
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    // Filling a database with a million records takes its time.
    teardownTimeout: 120_000,
    reporters: ['dot'],
  },
});
