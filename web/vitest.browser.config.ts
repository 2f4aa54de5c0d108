import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files in the order of their numbers; by itself Vitest begins with those that failed or were slow last time. */
class ByNumber extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId));
  }
}

// One server and one story: what one test decides, the next one finds.
export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    environment: 'node',
    globalSetup: 'browser/house.ts',
    setupFiles: 'browser/failure.ts',
    fileParallelism: false,
    // Files share their process: none keeps anything that another could trip over, and loading all again takes its time.
    isolate: false,
    sequence: { sequencer: ByNumber },
    // As long as a page waits for what should appear (browser/desk.ts): a busy machine is no failure.
    expect: { poll: { timeout: 60_000, interval: 100 } },
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
});
