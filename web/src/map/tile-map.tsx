import gcoord from 'gcoord';
import { LngLatBounds, Map as Chart, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { startTransition, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useWords } from '../language/wording.ts';
import { APART, grouped } from './groups.ts';
import { Pins, type Placed } from './pins.tsx';
import type { Datum, Fix } from './place.ts';
import { Plan } from './plan.tsx';
import type { DrawnProps, Spot } from './spots.tsx';
import type { Tiles } from './tiles.ts';

// A file of ours, so that the content security policy needs no leave for workers made from text.
setWorkerUrl(workerUrl);

const SYSTEM = { wgs84: gcoord.WGS84, gcj02: gcoord.GCJ02 };

function onTiles(fix: Fix, datum: Datum): [number, number] {
  return gcoord.transform([fix.lon, fix.lat], SYSTEM[fix.datum], SYSTEM[datum]);
}

interface Props extends DrawnProps {
  tiles: Tiles;
}

/** Why there is a plan in place of the map. */
type Lack = 'drawing' | 'tiles';

/** The spots on the organisation's own tiles; on the plain plan where the browser can't draw maps, or no tile comes. */
export default function TileMap({ spots, label, hint, onChoose, tiles }: Props) {
  const { t, language } = useWords();
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<Chart>();
  const [lack, setLack] = useState<Lack>();
  const around = useEffectEvent(() => {
    const bounds = new LngLatBounds();
    for (const { fix } of spots) bounds.extend(onTiles(fix, tiles.datum));
    return bounds;
  });
  const words = useEffectEvent(() => ({
    'Map.Title': t('map.title'),
    'NavigationControl.ZoomIn': t('map.zoomIn'),
    'NavigationControl.ZoomOut': t('map.zoomOut'),
    'AttributionControl.ToggleAttribution': t('map.attribution'),
    'ScaleControl.Meters': t('map.metres'),
    'ScaleControl.Kilometers': t('map.kilometres'),
    'CooperativeGesturesHandler.WindowsHelpText': t('map.useCtrl'),
    'CooperativeGesturesHandler.MacHelpText': t('map.useCommand'),
    'CooperativeGesturesHandler.MobileHelpText': t('map.useTwoFingers'),
  }));
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
        // Nothing on it would turn it back, and pins are put where north is up.
        dragRotate: false,
        maxPitch: 0,
        locale: words(),
      });
    } catch {
      // There is no WebGL.
      return setLack('drawing');
    }
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }));
    map.addControl(new ScaleControl());
    // Some tiles may be missing at the edges of what somebody draws; if none comes, the pins are on nothing.
    let came = false;
    map.on('sourcedata', ({ tile }) => (came ||= tile !== undefined));
    map.once('idle', () => !came && setLack('tiles'));
    setChart(map);
    return () => {
      setChart(undefined);
      map.remove();
    };
  }, [lack, tiles, language]);
  if (!lack) {
    return (
      <div className="map" ref={place} role="region" aria-label={`${t('record.openMap')}: ${label}`}>
        {chart &&
          createPortal(
            <Above chart={chart} spots={spots} label={label} hint={hint} datum={tiles.datum} onChoose={onChoose} />,
            chart.getCanvasContainer(),
          )}
      </div>
    );
  }
  return (
    <>
      {lack === 'tiles' && (
        <p className="quiet" role="status">
          {t('places.noTiles')}
        </p>
      )}
      <Plan spots={spots} label={label} hint={hint} onChoose={onChoose} />
    </>
  );
}

interface AboveProps extends DrawnProps {
  chart: Chart;
  datum: Datum;
}

/** What is seen of the spots: where they are, on a map that looks like this. */
interface View {
  placed: Placed[];
  /** What was in its upper left corner. */
  corner: { lng: number; lat: number };
  zoom: number;
}

/** The pins of what the map shows. They follow it while it moves, and are found anew for where it has come to. */
function Above({ chart, spots, label, hint, datum, onChoose }: AboveProps) {
  const layer = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>();
  useLayoutEffect(() => {
    const look = () => setView(seen(chart, spots, datum));
    // While it is zoomed, pins would join and part with every frame.
    const lookAround = () => {
      if (!chart.isZooming()) startTransition(look);
    };
    look();
    chart.on('move', lookAround);
    chart.on('moveend', look);
    chart.on('resize', look);
    return () => {
      chart.off('move', lookAround);
      chart.off('moveend', look);
      chart.off('resize', look);
    };
  }, [chart, spots, datum]);
  useLayoutEffect(() => {
    if (!view) return;
    const follow = () => {
      const { x, y } = chart.project(view.corner);
      const scale = 2 ** (chart.getZoom() - view.zoom);
      if (layer.current) layer.current.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    };
    follow();
    chart.on('move', follow);
    return () => void chart.off('move', follow);
  }, [chart, view]);
  if (!view) return null;
  return (
    <div className="map-layer" ref={layer}>
      {onChoose ? (
        <Pins pins={grouped(view.placed, APART)} label={label} hint={hint} onChoose={onChoose} />
      ) : (
        view.placed.map(({ x, y, spot }) => (
          <span key={spot.key} className={`pin pin-${spot.tone}`} title={spot.name} style={{ left: x, top: y }} />
        ))
      )}
    </div>
  );
}

function seen(chart: Chart, spots: Spot[], datum: Datum): View {
  const { clientWidth, clientHeight } = chart.getContainer();
  const placed = spots.flatMap((spot) => {
    const { x, y } = chart.project(onTiles(spot.fix, datum));
    return x >= 0 && y >= 0 && x <= clientWidth && y <= clientHeight ? [{ x, y, spot }] : [];
  });
  return { placed, corner: chart.unproject([0, 0]), zoom: chart.getZoom() };
}
