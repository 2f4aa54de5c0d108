import { mkdir } from 'node:fs/promises';
import { afterEach } from 'vitest';
import { Desk } from './desk.ts';

const FOLDER = 'browser/failures';

// A failure that is seen once in a while is understood from what was on the screens then, or not at all.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await mkdir(FOLDER, { recursive: true });
  for (const [at, desk] of [...Desk.taken].entries()) {
    const name = `${task.name.replace(/\W+/gu, '-')}-${at}`;
    console.error(await desk.evidence(FOLDER, name).catch((gone: unknown) => `nothing is seen of ${name}: ${String(gone)}`));
  }
});
