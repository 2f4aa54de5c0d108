import { number, useWords } from '../language/wording.ts';
import { metresFrom, roundLength } from './place.ts';
import type { PinnedFix } from './places.ts';

const [WIDTH, HEIGHT, MARGIN] = [360, 200, 28];
/** A single place without accuracy is drawn as if this much around it mattered, in metres. */
const AROUND = 60;

/** The places to scale, north up, without a map: it needs no tiles and no network. */
export function PlacePlan({ fixes, label }: { fixes: PinnedFix[]; label: (pinned: PinnedFix) => string }) {
  const { t } = useWords();
  const origin = fixes[0]?.fix;
  if (!origin) return null;
  const points = fixes.map((pinned) => ({ pinned, radius: pinned.fix.accuracy ?? 0, ...metresFrom(origin, pinned.fix) }));
  const edge = (pick: (point: (typeof points)[number]) => number, of: (...values: number[]) => number) => of(...points.map(pick));
  const [west, east] = [edge((p) => p.east - p.radius, Math.min), edge((p) => p.east + p.radius, Math.max)];
  const [south, north] = [edge((p) => p.north - p.radius, Math.min), edge((p) => p.north + p.radius, Math.max)];
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max(east - west, AROUND),
    (HEIGHT - 2 * MARGIN) / Math.max(north - south, AROUND),
  );
  const x = (metres: number) => WIDTH / 2 + (metres - (west + east) / 2) * scale;
  const y = (metres: number) => HEIGHT / 2 - (metres - (south + north) / 2) * scale;
  const bar = roundLength(90 / scale);
  return (
    <svg className="plan" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${t('record.plan')}: ${fixes.map(label).join('; ')}`}>
      <rect className="plan-ground" width={WIDTH} height={HEIGHT} />
      {points.map(({ pinned, east, north, radius }, index) => (
        <g key={pinned.pins.join()} className={`plan-pin plan-pin-${index}`}>
          {radius > 0 && <circle className="plan-accuracy" cx={x(east)} cy={y(north)} r={radius * scale} />}
          <circle cx={x(east)} cy={y(north)} r={5} />
        </g>
      ))}
      <g className="plan-scale" transform={`translate(12 ${HEIGHT - 12})`}>
        <path d={`M0 -5V0H${bar * scale}V-5`} />
        <text x={bar * scale + 6}>{bar >= 1000 ? `${number(bar / 1000)} km` : `${number(bar)} m`}</text>
      </g>
      <g className="plan-north" transform={`translate(${WIDTH - 16} 12)`}>
        <path d="M0 0L5 12L0 9L-5 12Z" />
        <text y={24}>N</text>
      </g>
    </svg>
  );
}
