import { useEffect, useRef } from 'react';

export type Command = 'next' | 'previous' | 'approve' | 'return' | 'reject' | 'open' | 'refresh' | 'help';

export const KEYS: Record<Command, string> = {
  next: 'j',
  previous: 'k',
  approve: 'a',
  return: 'r',
  reject: 'x',
  open: 'o',
  refresh: 'u',
  help: '?',
};

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
}

/** Which command a key gives. A verdict takes a press of its own: a key that is held down decides once. */
export function commandOf(pressed: Pressed): Command | undefined {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return undefined;
  const entry = Object.entries(KEYS).find(([, key]) => key === pressed.key.toLowerCase());
  const command = entry?.[0] as Command | undefined;
  return pressed.repeat && command !== 'next' && command !== 'previous' ? undefined : command;
}

/** Fields into which letters go. Whoever has just ticked a box, or switched the language, goes on with the keys. */
const WRITTEN = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable="true"], [role="combobox"]';

/** Whether somebody is writing, or looks at a dialog: then keys are theirs. */
function isBusy(target: EventTarget | null): boolean {
  const writes = target instanceof Element && target.closest(WRITTEN);
  return Boolean(writes) || document.querySelector('[role="dialog"]:not([aria-hidden="true"])') !== null;
}

/** Gives commands by keys while the page is shown. */
export function useKeys(onCommand: (command: Command) => void): void {
  const latest = useRef(onCommand);
  latest.current = onCommand;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isBusy(event.target)) return;
      const command = commandOf(event);
      if (!command) return;
      event.preventDefault();
      latest.current(command);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}
