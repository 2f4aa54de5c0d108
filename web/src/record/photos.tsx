import { Image } from 'antd';
import { photoAddress, thumbAddress } from '../api/photos.ts';
import { nameOf, type Detail } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { viewOf } from './shape.ts';

/** The photos; a click enlarges one, and there it can be zoomed and turned. */
export function Photos({ detail }: { detail: Detail }) {
  const { t } = useWords();
  const { photos } = viewOf(detail);
  if (photos.length === 0) return null;
  const states = new Map(detail.photos.map((photo) => [photo.hash, photo.state]));
  return (
    <section className="sheet" aria-label={t('record.photos')}>
      <h2>{t('record.photos')}</h2>
      <Image.PreviewGroup>
        <ul className="photos">
          {photos.map((photo, index) => {
            const state = states.get(photo.hash) ?? 'missing';
            const name = photo.caption ?? t('record.photoOf', { number: index + 1, title: nameOf(detail.line) });
            return (
              <li key={photo.id}>
                {state === 'uploaded' && (
                  <Image
                    alt={name}
                    src={thumbAddress(photo.hash)}
                    preview={{ src: photoAddress(photo.hash) }}
                    width={104}
                    height={104}
                  />
                )}
                {state === 'no_preview' && (
                  <div className="photo-gap">
                    {t('record.photoNoPreview')}
                    <a href={photoAddress(photo.hash)} download>
                      {t('record.photoDownload')}
                    </a>
                  </div>
                )}
                {state === 'missing' && <div className="photo-gap">{t('record.photoMissing')}</div>}
                <div className="small quiet wrap">{photo.caption}</div>
              </li>
            );
          })}
        </ul>
      </Image.PreviewGroup>
    </section>
  );
}
