import type { Point } from './groups.ts';

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

type Axis = keyof Point;

/** Each pair of arrows sweeps over the whole drawing, so that every pin is reached with either. */
const ARROWS: Record<string, [Axis, number]> = {
  ArrowRight: ['x', 1],
  ArrowLeft: ['x', -1],
  ArrowDown: ['y', 1],
  ArrowUp: ['y', -1],
};

/** The pins as they stand along one axis; where several stand level, the other one decides. */
function inOrder(points: readonly Point[], axis: Axis): number[] {
  const across = axis === 'x' ? 'y' : 'x';
  const place = (at: number, of: Axis) => points[at]?.[of] ?? 0;
  return [...points.keys()].sort((a, b) => place(a, axis) - place(b, axis) || place(a, across) - place(b, across));
}

/** The pin to which a key leads from another one, if it is such a key. At the ends it stays. */
export function walk(pressed: Pressed, from: number, points: readonly Point[]): number | undefined {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || pressed.shiftKey) return undefined;
  if (pressed.key === 'Home') return inOrder(points, 'x')[0];
  if (pressed.key === 'End') return inOrder(points, 'x').at(-1);
  const arrow = ARROWS[pressed.key];
  if (!arrow) return undefined;
  const [axis, step] = arrow;
  const order = inOrder(points, axis);
  return order[order.indexOf(from) + step] ?? from;
}
