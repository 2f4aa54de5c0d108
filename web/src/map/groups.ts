/** A point of a drawing, in its pixels. */
export interface Point {
  x: number;
  y: number;
}

/** How far apart pins are at least, in pixels: as much as a finger needs. */
export const APART = 28;

/** What is drawn as one pin. It stands where the first of it is. */
export type Group<T extends Point> = Point & { all: [T, ...T[]] };

/**
 * Points that are nearer to each other than a pin is wide become one group, so pins never hide each other and there are
 * no more of them than fit, however many points there are. Each joins the first group that is near enough.
 */
export function grouped<T extends Point>(points: readonly T[], apart: number): Group<T>[] {
  const groups: Group<T>[] = [];
  for (const point of points) {
    const near = groups.find(({ x, y }) => Math.hypot(x - point.x, y - point.y) < apart);
    if (near) near.all.push(point);
    else groups.push({ x: point.x, y: point.y, all: [point] });
  }
  return groups;
}
