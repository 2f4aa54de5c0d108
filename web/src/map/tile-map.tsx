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

/** Why there is a plan in place of the map. */
type Lack = 'drawing' | 'tiles';

/** The spots on the organisation's own tiles; on the plain plan where the browser can't draw maps, or no tile comes. */
export default function TileMap({ spots, label, large, tiles }: Props) {
  const { t } = useWords();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart>(undefined);
  const [lack, setLack] = useState<Lack>();
  const navigate = useNavigate();
  const open = useEffectEvent((id: string) => void navigate({ to: '/records/$id', params: { id } }));
  const around = useEffectEvent(() => {
    const bounds = new LngLatBounds();
    for (const { fix } of spots) bounds.extend(onTiles(fix, tiles.datum));
    return bounds;
  });
  useEffect(() => {
    if (!place.current || lack) return;
    let map: Chart;
    try {
      map = new Chart({
        container: place.current,
        style: {
          version: 8,
          sources: { tiles: { type: 'raster', tiles: [tiles.url], tileSize: 256, attribution: tiles.attribution } },
          layers: [{ id: 'tiles', type: 'raster', source: 'tiles' }],
        },
        bounds: around(),
        fitBoundsOptions: { padding: 48, maxZoom: 16 },
        cooperativeGestures: true,
      });
    } catch {
      // There is no WebGL.
      return setLack('drawing');
    }
    chart.current = map;
    map.addControl(new NavigationControl({ showCompass: false }));
    map.addControl(new ScaleControl());
    // Some tiles may be missing at the edges of what somebody draws; if none comes, the pins are on nothing.
    let came = false;
    map.on('sourcedata', ({ tile }) => (came ||= tile !== undefined));
    map.once('idle', () => !came && setLack('tiles'));
    return () => {
      chart.current = undefined;
      map.remove();
    };
  }, [lack, tiles]);
  // The map stays where somebody has moved it, and its pins stay until something is elsewhere.
  const where = JSON.stringify(spots.map(({ fix, name, tone, record }) => ({ at: onTiles(fix, tiles.datum), name, tone, record })));
  useEffect(() => {
    const map = chart.current;
    if (!map) return;
    const points = JSON.parse(where) as (Pick<Spot, 'name' | 'tone' | 'record'> & { at: [number, number] })[];
    const markers = points.map(({ at, name, tone, record }) => {
      const element = document.createElement(record === undefined ? 'div' : 'button');
      element.className = `pin pin-${tone} pin-on-map`;
      element.title = name;
      if (record !== undefined) element.addEventListener('click', () => open(record));
      return new Marker({ element }).setLngLat(at).addTo(map);
    });
    return () => {
      for (const marker of markers) marker.remove();
    };
  }, [lack, where, tiles]);
  if (!lack) return <div className="map" ref={place} role="region" aria-label={`${t('record.openMap')}: ${label}`} />;
  return (
    <>
      {lack === 'tiles' && (
        <p className="quiet" role="status">
          {t('places.noTiles')}
        </p>
      )}
      <Plan spots={spots} label={label} large={large} />
    </>
  );
}
