import gcoord from 'gcoord';
import { LngLatBounds, Map as Chart, Marker, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { useEffect, useRef, useState } from 'react';
import { useWords } from '../language/wording.ts';
import type { Tiles } from './map-tiles.ts';
import type { Datum, Fix } from './place.ts';
import { PlacePlan } from './place-plan.tsx';
import type { PinnedFix } from './places.ts';

// A file of ours, so that the content security policy needs no leave for workers made from text.
setWorkerUrl(workerUrl);

const SYSTEM = { wgs84: gcoord.WGS84, gcj02: gcoord.GCJ02 };

function onTiles(fix: Fix, datum: Datum): [number, number] {
  return gcoord.transform([fix.lon, fix.lat], SYSTEM[fix.datum], SYSTEM[datum]);
}

interface Props {
  fixes: PinnedFix[];
  label: (pinned: PinnedFix) => string;
  tiles: Tiles;
}

/** The places on the organisation's own tiles; on the plain plan where the browser can't draw maps. */
export default function PlaceMap({ fixes, label, tiles }: Props) {
  const { t } = useWords();
  const place = useRef<HTMLDivElement>(null);
  const [plain, setPlain] = useState(false);
  const where = JSON.stringify(fixes.map(({ fix }) => onTiles(fix, tiles.datum)));
  useEffect(() => {
    if (!place.current || plain) return;
    const points = JSON.parse(where) as [number, number][];
    const bounds = new LngLatBounds();
    for (const point of points) bounds.extend(point);
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
    points.forEach((point, index) => {
      const element = document.createElement('div');
      element.className = `pin pin-${index} pin-on-map`;
      new Marker({ element }).setLngLat(point).addTo(map);
    });
    return () => map.remove();
  }, [plain, where, tiles]);
  if (plain) return <PlacePlan fixes={fixes} label={label} />;
  return <div className="map" ref={place} role="region" aria-label={`${t('record.openMap')}: ${fixes.map(label).join('; ')}`} />;
}
