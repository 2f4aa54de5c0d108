import { waitBefore } from './changed.ts';

/** How it stands with the news: not yet known, on the line, or cut off. */
export type Standing = 'beginning' | 'live' | 'lost';

/** What comes over the line, or is said of it. */
export type Said =
  | { kind: 'stands'; standing: Standing }
  /** From here on whatever changes is told; what changed before was told to nobody. */
  | { kind: 'ready' }
  | { kind: 'changed'; data: string }
  | { kind: 'lost' };

/** Takes what is said. */
export type Hear = (said: Said) => void;

/** Holds a line to the server's news, and begins again whenever it breaks; the answer hangs up. */
export type HoldLine = (hear: Hear) => () => void;

export const holdLine: HoldLine = (hear) => {
  let source: EventSource | undefined;
  let attempts = 0;
  let again: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    source = new EventSource('/api/v1/events');
    source.addEventListener('ready', () => {
      attempts = 0;
      hear({ kind: 'ready' });
    });
    source.addEventListener('changed', ({ data }: MessageEvent<string>) => hear({ kind: 'changed', data }));
    source.addEventListener('error', () => {
      source?.close();
      hear({ kind: 'lost' });
      again = setTimeout(begin, waitBefore(attempts, Math.random()));
      attempts += 1;
    });
  };
  begin();
  return () => {
    source?.close();
    clearTimeout(again);
  };
};
