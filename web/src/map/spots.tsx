import { lazy, Suspense } from 'react';
import { Loading } from '../shell/states.tsx';
import type { Fix } from './place.ts';
import { Plan } from './plan.tsx';
import { tiles } from './tiles.ts';
import './map.css';

const TileMap = lazy(() => import('./tile-map.tsx'));

/** Something that is somewhere. */
export interface Spot {
  key: string;
  /** What is there. */
  name: string;
  /** Its colour, from 0 to 3. */
  tone: number;
  fix: Fix;
  /** The record to which it leads, if to one. */
  record?: string;
}

/** Spots on a map if the server has one, else on a plain plan. `label` says what of. */
export function Spots({ spots, label, large }: { spots: Spot[]; label: string; large?: boolean }) {
  if (!tiles) return <Plan spots={spots} label={label} large={large} />;
  return (
    <Suspense fallback={<Loading rows={4} />}>
      <TileMap spots={spots} label={label} large={large} tiles={tiles} />
    </Suspense>
  );
}
