import { afterEach, expect, test } from 'vitest';
import type { Hear, Said } from './line.ts';
import { shareLine, type Surroundings } from './one-line.ts';

/** A browser's locks and channels, in one place and at once. */
class Browser {
  private waiting: (() => void)[] = [];
  private held = false;
  private channels = new Set<Pick<BroadcastChannel, 'onmessage' | 'postMessage' | 'close'>>();

  locks = {
    request: (_name: string, { signal }: LockOptions, work: () => Promise<void>) =>
      new Promise<void>((done, failed) => {
        const begin = () => {
          this.held = true;
          void work().then(() => {
            this.held = false;
            this.waiting.shift()?.();
            done();
          });
        };
        if (!this.held) return begin();
        this.waiting.push(begin);
        signal?.addEventListener('abort', () => {
          if (!this.waiting.includes(begin)) return;
          this.waiting = this.waiting.filter((other) => other !== begin);
          failed(new Error('aborted'));
        });
      }),
  } as unknown as LockManager;

  openChannel = () => {
    const { channels } = this;
    const channel: BroadcastChannel = Object.assign(new EventTarget(), {
      name: '',
      onmessage: null,
      onmessageerror: null,
      postMessage: (data: unknown) => channels.forEach((other) => other !== channel && hand(other, data)),
      close: () => void channels.delete(channel),
    }) as BroadcastChannel;
    channels.add(channel);
    return channel;
  };
}

const hand = (to: Pick<BroadcastChannel, 'onmessage'>, data: unknown) =>
  to.onmessage?.call(to as BroadcastChannel, new MessageEvent('message', { data }));

/** Lines to the server that are open. */
const lines = new Set<Hear>();
const hold = (hear: Hear) => {
  lines.add(hear);
  return () => void lines.delete(hear);
};
const say = (said: Said) => lines.forEach((hear) => hear(said));
afterEach(() => lines.clear());

function open(around: Surroundings) {
  const heard: Said[] = [];
  return { heard, close: shareLine((said) => heard.push(said), around, hold) };
}

const tab = () => Object.assign(new EventTarget(), { visibilityState: 'visible' as DocumentVisibilityState });
const settled = () => new Promise((done) => setTimeout(done));
const ready: Said = { kind: 'ready' };
const changed: Said = { kind: 'changed', data: '{"days": []}' };

test('seven tabs hear everything over one line', () => {
  const browser = new Browser();
  const tabs = Array.from({ length: 7 }, () => open({ ...browser, tab: tab() as never }));
  expect(lines.size).toBe(1);
  say(ready);
  say(changed);
  for (const { heard } of tabs) expect(heard.slice(-2)).toEqual([ready, changed]);
  const late = open({ ...browser, tab: tab() as never });
  expect(late.heard).toEqual([{ kind: 'stands', standing: 'live' }]);
  say({ kind: 'lost' });
  expect(late.heard.at(-1)).toEqual({ kind: 'lost' });
});

test('a tab that closes hands over, and one that waited is passed over when it has left', async () => {
  const browser = new Browser();
  const [first, second, third] = [1, 2, 3].map(() => open({ ...browser, tab: tab() as never }));
  say(ready);
  second?.close();
  first?.close();
  await settled();
  expect(lines.size).toBe(1);
  say(ready);
  say(changed);
  // The second beginning says that something may have been missed in between.
  expect(third?.heard.slice(-3)).toEqual([ready, ready, changed]);
  expect(first?.heard).toEqual([ready]);
  third?.close();
  await settled();
  expect(lines.size).toBe(0);
});

test('where tabs can’t agree, those that are seen listen', () => {
  const here = tab();
  const { close, heard } = open({ locks: undefined, openChannel: new Browser().openChannel, tab: here as never });
  const show = (state: DocumentVisibilityState) => {
    here.visibilityState = state;
    here.dispatchEvent(new Event('visibilitychange'));
  };
  expect(lines.size).toBe(1);
  show('hidden');
  expect(lines.size).toBe(0);
  show('visible');
  show('visible');
  expect(lines.size).toBe(1);
  say(changed);
  expect(heard).toEqual([changed]);
  close();
  show('visible');
  expect(lines.size).toBe(0);
});
