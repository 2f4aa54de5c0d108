import { expect, test } from 'vitest';
import { commandOf, KEYS } from './keys.ts';

const pressed = (key: string, more: object = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, ...more });

test('each command has a key of its own, with caps lock too', () => {
  expect(new Set(Object.values(KEYS)).size).toBe(Object.keys(KEYS).length);
  expect(commandOf(pressed('a'))).toBe('approve');
  expect(commandOf(pressed('A'))).toBe('approve');
  expect(commandOf(pressed('q'))).toBeUndefined();
});

test('the browser keeps its own keys', () => {
  expect(commandOf(pressed('r', { ctrlKey: true }))).toBeUndefined();
  expect(commandOf(pressed('a', { metaKey: true }))).toBeUndefined();
});

test('a key that is held down walks on but decides once', () => {
  expect(commandOf(pressed('j', { repeat: true }))).toBe('next');
  expect(commandOf(pressed('a', { repeat: true }))).toBeUndefined();
});
