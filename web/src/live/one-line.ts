import { holdLine, type Hear, type HoldLine, type Said, type Standing } from './line.ts';

const NAME = 'daybook/news';

/** What tabs say to each other: what the one that listens hears, and that another one wants to know how it stands. */
type Whisper = Said | { kind: 'asks' };

/** The parts of a browser that are needed to share a line. */
export interface Surroundings {
  /** Missing where pages don't come by HTTPS. */
  locks: Pick<LockManager, 'request'> | undefined;
  openChannel: ((name: string) => BroadcastChannel) | undefined;
  /** What can be seen of this tab. */
  tab: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;
}

const here = (): Surroundings => ({
  locks: (navigator as Partial<Navigator>).locks,
  openChannel: 'BroadcastChannel' in globalThis ? (name) => new BroadcastChannel(name) : undefined,
  tab: document,
});

/** Hears the server's news over one line for all tabs of the browser: it opens six connections to a server, and a line
 * for each tab would soon leave none for anything else. The answer ends it. */
export function shareLine(hear: Hear, { locks, openChannel, tab } = here(), hold: HoldLine = holdLine): () => void {
  return locks && openChannel ? takeTurns(hear, locks, openChannel(NAME), hold) : whileSeen(hear, tab, hold);
}

/** The tab that has the lock listens and tells the others; when it closes, the next in the line has it. */
function takeTurns(hear: Hear, locks: Pick<LockManager, 'request'>, channel: BroadcastChannel, hold: HoldLine): () => void {
  const leaving = new AbortController();
  let standing: Standing | undefined;
  const whisper = (said: Whisper) => channel.postMessage(said);
  channel.onmessage = ({ data: said }: MessageEvent<Whisper>) => {
    if (said.kind !== 'asks') hear(said);
    else if (standing) whisper({ kind: 'stands', standing });
  };
  whisper({ kind: 'asks' });
  const listen = () =>
    new Promise<void>((release) => {
      standing = 'beginning';
      const hangUp = hold((said) => {
        standing = said.kind === 'lost' ? 'lost' : 'live';
        hear(said);
        whisper(said);
      });
      leaving.signal.addEventListener('abort', () => {
        hangUp();
        release();
      });
    });
  // It fails when this tab leaves before its turn has come.
  locks.request(NAME, { signal: leaving.signal }, listen).catch(() => undefined);
  return () => {
    leaving.abort();
    channel.close();
  };
}

/** Without a way to agree, only tabs that somebody sees listen. */
function whileSeen(hear: Hear, tab: Surroundings['tab'], hold: HoldLine): () => void {
  let hangUp: (() => void) | undefined;
  const look = () => {
    const seen = tab.visibilityState === 'visible';
    if (seen) hangUp ??= hold(hear);
    else {
      hangUp?.();
      hangUp = undefined;
    }
  };
  look();
  tab.addEventListener('visibilitychange', look);
  return () => {
    tab.removeEventListener('visibilitychange', look);
    hangUp?.();
  };
}
