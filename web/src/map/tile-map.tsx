import gcoord from 'gcoord';
import { LngLatBounds, Map as Chart, Marker, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useWords } from '../language/wording.ts';
import type { Tiles } from './tiles.ts';
import type { Datum, Fix } from './place.ts';
import { Plan } from './plan.tsx';
import type { Spot } from './spots.tsx';

// A file of ours, so that the content security policy needs no leave for workers made from text.
setWorkerUrl(workerUrl);

const SYSTEM = { wgs84: gcoord.WGS84, gcj02: gcoord.GCJ02 };

function onTiles(fix: Fix, datum: Datum): [number, number] {
  return gcoord.transform([fix.lon, fix.lat], SYSTEM[fix.datum], SYSTEM[datum]);
}

interface Props {
  spots: Spot[];
  label: string;
  large?: boolean;
  tiles: Tiles;
}

/** The spots on the organisation's own tiles; on the plain plan where the browser can't draw maps. */
export default function TileMap({ spots, label, large, tiles }: Props) {
  const { t } = useWords();
  const place = useRef<HTMLDivElement>(null);
  const [plain, setPlain] = useState(false);
  const navigate = useNavigate();
  const open = useEffectEvent((id: string) => void navigate({ to: '/records/$id', params: { id } }));
  // Drawn anew only when something is elsewhere: the map stays where somebody has moved it.
  const where = JSON.stringify(spots.map(({ fix, name, tone, record }) => ({ at: onTiles(fix, tiles.datum), name, tone, record })));
  useEffect(() => {
    if (!place.current || plain) return;
    const points = JSON.parse(where) as (Pick<Spot, 'name' | 'tone' | 'record'> & { at: [number, number] })[];
    const bounds = new LngLatBounds();
    for (const { at } of points) bounds.extend(at);
    let map: Chart;
    try {
      map = new Chart({
        container: place.current,
        style: {
          version: 8,
          sources: { tiles: { type: 'raster', tiles: [tiles.url], tileSize: 256, attribution: tiles.attribution } },
          layers: [{ id: 'tiles', type: 'raster', source: 'tiles' }],
        },
        bounds,
        fitBoundsOptions: { padding: 48, maxZoom: 16 },
        cooperativeGestures: true,
      });
    } catch {
      // There is no WebGL.
      return setPlain(true);
    }
    map.addControl(new NavigationControl({ showCompass: false }));
    map.addControl(new ScaleControl());
    for (const { at, name, tone, record } of points) {
      const element = document.createElement(record === undefined ? 'div' : 'button');
      element.className = `pin pin-${tone} pin-on-map`;
      element.title = name;
      if (record !== undefined) element.addEventListener('click', () => open(record));
      new Marker({ element }).setLngLat(at).addTo(map);
    }
    return () => map.remove();
  }, [plain, where, tiles]);
  if (plain) return <Plan spots={spots} label={label} large={large} />;
  return <div className="map" ref={place} role="region" aria-label={`${t('record.openMap')}: ${label}`} />;
}
