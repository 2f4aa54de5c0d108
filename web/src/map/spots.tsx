import { lazy, Suspense, useId } from 'react';
import { useWords } from '../language/wording.ts';
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
}

export interface SpotsProps {
  spots: Spot[];
  /** What they are places of. */
  label: string;
  /** The spots are records, as many as there may be: each pin leads to its record, or to those that it stands for. */
  onChoose?: (records: string[]) => void;
}

export interface DrawnProps extends SpotsProps {
  /** What says how pins are used by keys. */
  hint: string;
}

/** Spots on a map if the server has one, else on a plain plan. */
export function Spots(props: SpotsProps) {
  const { t } = useWords();
  const hint = useId();
  return (
    <>
      {tiles ? (
        <Suspense fallback={<Loading rows={4} />}>
          <TileMap {...props} hint={hint} tiles={tiles} />
        </Suspense>
      ) : (
        <Plan {...props} hint={hint} />
      )}
      {props.onChoose && (
        <p id={hint} className="pins-hint small quiet">
          {t('places.keys')}
        </p>
      )}
    </>
  );
}
