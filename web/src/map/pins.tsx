import { Link } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState, type FocusEvent } from 'react';
import { number, useWords } from '../language/wording.ts';
import type { Group, Point } from './groups.ts';
import type { Spot } from './spots.tsx';
import { walk } from './walk.ts';

export type Placed = Point & { spot: Spot };

interface Props {
  pins: Group<Placed>[];
  label: string;
  /** What says how they are used by keys. */
  hint: string;
  /** Takes the records of a pin that stands for several. */
  onChoose: (records: string[]) => void;
}

const stands = (pin: Group<Placed>, key: string | undefined) => pin.all.some(({ spot }) => spot.key === key);

/** Pins above a drawing, each leading to its record or standing for several. Together they are one stop of the tab key,
 * and arrows walk between them: nobody tabs past hundreds of records to come to the list. */
export function Pins({ pins, label, hint, onChoose }: Props) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  // A spot rather than a pin: where the map is zoomed, others stand for it.
  const [last, setLast] = useState<string>();
  const found = pins.findIndex((pin) => stands(pin, last));
  const here = Math.max(found, 0);
  const pinAt = (at: number) => box.current?.children[at] as HTMLElement | undefined;

  const press = useEffectEvent((event: KeyboardEvent) => {
    const to = walk(event, here, pins);
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    pinAt(to)?.focus({ preventScroll: true });
  });
  // By React it would come too late: the map below listens at an element between this one and React's own.
  useEffect(() => {
    const at = box.current;
    at?.addEventListener('keydown', press);
    return () => at?.removeEventListener('keydown', press);
  }, []);
  const kept = useKeptFocus(() => pinAt(here));

  return (
    <div ref={box} {...kept} className="pins-above" role="toolbar" aria-label={label} aria-describedby={hint}>
      {pins.map(({ x, y, all }, at) => {
        const [{ spot }, ...others] = all;
        const name = others.length === 0 ? spot.name : t('places.several', { shown: number(all.length), name: spot.name });
        const shared = {
          title: name,
          'aria-label': name,
          tabIndex: at === here ? 0 : -1,
          style: { left: x, top: y },
          onFocus: () => setLast(spot.key),
        };
        return others.length === 0 ? (
          <Link
            key={spot.key}
            {...shared}
            to="/records/$id"
            params={{ id: spot.key }}
            draggable={false}
            className={`pin pin-${spot.tone}`}
          />
        ) : (
          <button
            key={spot.key}
            {...shared}
            type="button"
            className={`pin pin-several ${toneOf(all)}`}
            onClick={() => onChoose(all.map(({ spot }) => spot.key))}
          >
            {number(all.length)}
          </button>
        );
      })}
    </div>
  );
}

/** Several have the colour that all of them have. */
function toneOf(all: Placed[]): string {
  const tones = new Set(all.map(({ spot }) => spot.tone));
  return tones.size === 1 ? `pin-${[...tones][0]}` : 'pin-mixed';
}

/** Whoever was on a pin that is gone, because others stand there now, goes on from the one that stands for it. */
function useKeptFocus(successor: () => HTMLElement | undefined) {
  const focused = useRef<Element>(null);
  useLayoutEffect(() => {
    if (focused.current?.isConnected !== false) return;
    focused.current = null;
    successor()?.focus({ preventScroll: true });
  });
  // React tells of no blur when it is itself what takes an element away.
  return { onFocus: (event: FocusEvent) => (focused.current = event.target), onBlur: () => (focused.current = null) };
}
