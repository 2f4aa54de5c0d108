import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { length, useWords } from '../language/wording.ts';
import { metresFrom, roundLength } from './place.ts';
import type { Spot } from './spots.tsx';

const MARGIN = 28;
/** Beside other things, and as wide as the page: words on it are as large as those around it. */
const [SMALL, LARGE] = [
  [360, 200],
  [1000, 440],
] as const;
/** A single spot without accuracy is drawn as if this much around it mattered, in metres. */
const AROUND = 60;

/** The spots to scale on a grid, north up, without a map: it needs no tiles and no network. */
export function Plan({ spots, label, large = false }: { spots: Spot[]; label: string; large?: boolean }) {
  const { t } = useWords();
  const [width, height] = large ? LARGE : SMALL;
  const origin = spots[0]?.fix;
  if (!origin) return null;
  const points = spots.map((spot) => ({ spot, radius: spot.fix.accuracy ?? 0, ...metresFrom(origin, spot.fix) }));
  const edge = (pick: (point: (typeof points)[number]) => number, of: (...values: number[]) => number) => of(...points.map(pick));
  const [west, east] = [edge((p) => p.east - p.radius, Math.min), edge((p) => p.east + p.radius, Math.max)];
  const [south, north] = [edge((p) => p.north - p.radius, Math.min), edge((p) => p.north + p.radius, Math.max)];
  const scale = Math.min(
    (width - 2 * MARGIN) / Math.max(east - west, AROUND),
    (height - 2 * MARGIN) / Math.max(north - south, AROUND),
  );
  const x = (metres: number) => width / 2 + (metres - (west + east) / 2) * scale;
  const y = (metres: number) => height / 2 - (metres - (south + north) / 2) * scale;
  const bar = roundLength(90 / scale);
  const step = bar * scale;
  const lines = (length: number) => Array.from({ length: Math.floor(length / step) }, (_, at) => (at + 1) * step);
  const leads = spots.some(({ record }) => record !== undefined);
  return (
    <svg className="plan" viewBox={`0 0 ${width} ${height}`} role={leads ? 'group' : 'img'} aria-label={`${t('record.plan')}: ${label}`}>
      <rect className="plan-ground" width={width} height={height} />
      <path className="plan-grid" d={[...lines(width).map((at) => `M${at} 0V${height}`), ...lines(height).map((at) => `M0 ${height - at}H${width}`)].join('')} />
      {points.map(({ spot, east, north, radius }) => (
        <g key={spot.key} className={`plan-pin plan-pin-${spot.tone}`}>
          {radius > 0 && <circle className="plan-accuracy" cx={x(east)} cy={y(north)} r={radius * scale} />}
          <Leading spot={spot}>
            <circle cx={x(east)} cy={y(north)} r={5} />
          </Leading>
        </g>
      ))}
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

/** The way to the record of a spot, if it has one. */
function Leading({ spot, children }: { spot: Spot; children: ReactNode }) {
  if (spot.record === undefined) return children;
  return (
    <Link to="/records/$id" params={{ id: spot.record }} aria-label={spot.name}>
      <title>{spot.name}</title>
      {children}
    </Link>
  );
}
