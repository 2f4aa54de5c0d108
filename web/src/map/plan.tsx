import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { length, useWords } from '../language/wording.ts';
import { APART, grouped } from './groups.ts';
import { Pins } from './pins.tsx';
import { roundLength } from './place.ts';
import { drawn, type Size } from './scale.ts';
import type { DrawnProps, SpotsProps } from './spots.tsx';

const SMALL: Size = { width: 360, height: 200 };

/** The spots to scale on a grid, north up, without a map: it needs no tiles and no network. */
export function Plan({ spots, label, hint, onChoose }: DrawnProps) {
  const { t } = useWords();
  const called = `${t('record.plan')}: ${label}`;
  return onChoose ? <Large spots={spots} label={called} hint={hint} onChoose={onChoose} /> : <Small spots={spots} label={called} />;
}

/** A few spots, and how sure they are. */
function Small({ spots, label }: SpotsProps) {
  const { points, scale } = drawn(spots.map(({ fix }) => fix), SMALL);
  return (
    <Ground size={SMALL} scale={scale} label={label}>
      {points.map(({ x, y, radius }, at) => (
        <g key={spots[at]?.key} className={`plan-pin plan-pin-${spots[at]?.tone}`}>
          {radius > 0 && <circle className="plan-accuracy" cx={x} cy={y} r={radius} />}
          <circle cx={x} cy={y} r={5} />
        </g>
      ))}
    </Ground>
  );
}

/** As wide as the page, with pins that lead to records. */
function Large({ spots, label, hint, onChoose }: Required<DrawnProps>) {
  const { box, size } = useSize();
  const { points, scale } = drawn(spots.map(({ fix }) => fix), size);
  const placed = points.flatMap(({ x, y }, at) => (spots[at] ? [{ x, y, spot: spots[at] }] : []));
  return (
    <div className="plan-large" ref={box}>
      {size.width > 0 && (
        <>
          <Ground size={size} scale={scale} />
          <Pins pins={grouped(placed, APART)} label={label} hint={hint} onChoose={onChoose} />
        </>
      )}
    </div>
  );
}

/** A box and how large it is, nothing before it is on the page. */
function useSize() {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    if (!box.current) return;
    const watch = new ResizeObserver(([entry]) => entry && setSize(entry.contentRect));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return { box, size };
}

interface GroundProps {
  size: Size;
  scale: number;
  /** Left out where what stands above it says the same. */
  label?: string;
  children?: ReactNode;
}

/** The grid, how long its sides are, and where north is. */
function Ground({ size: { width, height }, scale, label, children }: GroundProps) {
  const bar = roundLength(90 / scale);
  const step = bar * scale;
  const lines = (length: number) => Array.from({ length: Math.floor(length / step) }, (_, at) => (at + 1) * step);
  return (
    <svg className="plan" viewBox={`0 0 ${width} ${height}`} {...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true })}>
      <rect className="plan-ground" width={width} height={height} />
      <path className="plan-grid" d={[...lines(width).map((at) => `M${at} 0V${height}`), ...lines(height).map((at) => `M0 ${height - at}H${width}`)].join('')} />
      {children}
      <g className="plan-scale" transform={`translate(12 ${height - 12})`}>
        <path d={`M0 -5V0H${step}V-5`} />
        <text x={step + 6}>{length(bar)}</text>
      </g>
      <g className="plan-north" transform={`translate(${width - 16} 12)`}>
        <path d="M0 0L5 12L0 9L-5 12Z" />
        <text y={24}>N</text>
      </g>
    </svg>
  );
}
