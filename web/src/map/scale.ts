import type { Point } from './groups.ts';
import { metresFrom, type Fix } from './place.ts';

/** A drawing's size, in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Where places are on a plan. */
export interface Drawing {
  points: (Point & { /** How far around it the place may be. */ radius: number })[];
  /** Pixels for a metre. */
  scale: number;
}

const MARGIN = 28;
/** A single place without accuracy is drawn as if this much around it mattered, in metres. */
const AROUND = 60;

/** Draws places to scale, north up, all of them inside. */
export function drawn(fixes: readonly Fix[], { width, height }: Size): Drawing {
  const [origin] = fixes;
  if (!origin) return { points: [], scale: 1 };
  const places = fixes.map((fix) => ({ radius: fix.accuracy ?? 0, ...metresFrom(origin, fix) }));
  const edge = (pick: (place: (typeof places)[number]) => number, of: (...values: number[]) => number) => of(...places.map(pick));
  const [west, east] = [edge((p) => p.east - p.radius, Math.min), edge((p) => p.east + p.radius, Math.max)];
  const [south, north] = [edge((p) => p.north - p.radius, Math.min), edge((p) => p.north + p.radius, Math.max)];
  const scale = Math.min(
    (width - 2 * MARGIN) / Math.max(east - west, AROUND),
    (height - 2 * MARGIN) / Math.max(north - south, AROUND),
  );
  return {
    scale,
    points: places.map((place) => ({
      x: width / 2 + (place.east - (west + east) / 2) * scale,
      y: height / 2 - (place.north - (south + north) / 2) * scale,
      radius: place.radius * scale,
    })),
  };
}
