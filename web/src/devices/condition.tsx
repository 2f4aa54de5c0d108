import { stretch, time, useWords } from '../language/wording.ts';
import { holdsUnsent, SKEW_MS, type Device } from './search.ts';

/** What is still on a phone, as it said itself. */
export function Backlog({ device, zone }: { device: Device; zone?: string }) {
  const { t } = useWords();
  const { changes, photos, oldest } = device.unsent;
  if (!holdsUnsent(device)) return <span className="none">{t('devices.unsentNothing')}</span>;
  return (
    <>
      <span className="mark mark-held">
        {[
          changes > 0 && t('devices.unsentChanges', { count: changes }),
          photos > 0 && t('devices.unsentPhotos', { count: photos }),
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
      {oldest != null && <div className="small quiet">{t('devices.oldest', { time: time(oldest, zone) })}</div>}
    </>
  );
}

/** How far a phone's clock is off; nothing where it never said. */
export function Skew({ device: { skew_ms: skew } }: { device: Device }) {
  if (skew == null) return null;
  return <span className={Math.abs(skew) > SKEW_MS ? 'mark mark-held' : undefined}>{stretch(skew)}</span>;
}
