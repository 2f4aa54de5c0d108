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
  return (
    <section className="sheet" aria-label={t('record.photos')}>
      <h2>{t('record.photos')}</h2>
      <Image.PreviewGroup>
        <ul className="photos">
          {photos.map((photo, index) => {
            const name = photo.caption ?? t('record.photoOf', { number: index + 1, title: nameOf(detail.line) });
            return (
              <li key={photo.id}>
                <Picture hash={photo.hash} detail={detail} name={name} />
                <div className="small quiet wrap">{photo.caption}</div>
              </li>
            );
          })}
        </ul>
      </Image.PreviewGroup>
    </section>
  );
}

/** A photo of a record, small; or why there is none to see. */
export function Picture({ hash, detail, name }: { hash: string; detail: Detail; name: string }) {
  const { t } = useWords();
  const state = detail.photos.find((photo) => photo.hash === hash)?.state ?? 'missing';
  if (state === 'missing') return <div className="photo-gap">{t('record.photoMissing')}</div>;
  if (state === 'uploaded') {
    return (
      <Image
        alt={name}
        src={thumbAddress(hash)}
        preview={{ src: photoAddress(hash) }}
        width={104}
        height={104}
      />
    );
  }
  return (
    <div className="photo-gap">
      {t('record.photoNoPreview')}
      <a href={photoAddress(hash)} download>
        {t('record.photoDownload')}
      </a>
    </div>
  );
}
