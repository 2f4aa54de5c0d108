import { Image } from 'antd';
import { photoAddress, thumbAddress } from '../api/photos.ts';
import { nameOf, type Detail } from '../api/records.ts';
import { useWords } from '../language/wording.ts';
import { Enlarging, useLargeView } from '../photos/enlarging.tsx';

/** The photos; a click enlarges one, and there it can be zoomed and turned. */
export function Photos({ detail }: { detail: Detail }) {
  const { t } = useWords();
  const photos = detail.record.photos.map((photo, index) => ({
    ...photo,
    name: photo.caption ?? t('record.photoOf', { number: index + 1, title: nameOf(detail.line) }),
  }));
  if (photos.length === 0) return null;
  const large = photos
    .filter(({ hash }) => stateOf(hash, detail) === 'uploaded')
    .map(({ hash, name }) => ({ src: photoAddress(hash), alt: name }));
  return (
    <section className="sheet" aria-label={t('record.photos')}>
      <h2>{t('record.photos')}</h2>
      <Enlarging photos={large}>
        <ul className="photos">
          {photos.map((photo) => (
            <li key={photo.id}>
              <Picture hash={photo.hash} detail={detail} name={photo.name} />
              <div className="small quiet wrap">{photo.caption}</div>
            </li>
          ))}
        </ul>
      </Enlarging>
    </section>
  );
}

const stateOf = (hash: string, { photos }: Detail) => photos.find((photo) => photo.hash === hash)?.state ?? 'missing';

/** A photo of a record, small; or why there is none to see. */
export function Picture({ hash, detail, name }: { hash: string; detail: Detail; name: string }) {
  const { t } = useWords();
  const view = useLargeView();
  const state = stateOf(hash, detail);
  if (state === 'missing') return <div className="photo-gap">{t('record.photoMissing')}</div>;
  if (state === 'uploaded') {
    return (
      <Image
        alt={name}
        src={thumbAddress(hash)}
        preview={{ src: photoAddress(hash), ...view }}
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
