import { Link } from '@tanstack/react-router';
import { Button, Image } from 'antd';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useDirectory } from '../api/directory.ts';
import { photoAddress, thumbAddress, type NamedPhoto } from '../api/photos.ts';
import { nameOf } from '../api/records.ts';
import { number, useWords } from '../language/wording.ts';
import { KindMark } from '../words/marks.tsx';
import { Moment } from '../words/moment.tsx';
import { Enlarging } from './enlarging.tsx';
import { keepPlace } from './place.ts';
import './photos.css';

/** Photos side by side. They come in while somebody looks: whoever has gone down the page, or has one open, finds
 * everything where it was, and is told of what came. */
export function Gallery({ photos, office }: { photos: NamedPhoto[]; office?: string }) {
  const { t } = useWords();
  const { beginning, shown, waiting, letGo, onPreview } = usePlace(photos);
  const large = shown
    .filter(({ preview }) => preview)
    .map((photo) => ({ src: photoAddress(photo.hash), alt: altOf(photo) }));
  return (
    <>
      <div ref={beginning} className="gallery-beginning" tabIndex={-1} />
      <div className="gallery-news" role="status">
        {waiting > 0 && (
          <Button onClick={letGo}>{t('photos.waiting', { count: waiting, shown: number(waiting) })}</Button>
        )}
      </div>
      <Enlarging photos={large} onOpenChange={onPreview}>
        <ul className="gallery">
          {shown.map((photo) => (
            <Photo key={photo.hash} photo={photo} office={office} alt={altOf(photo)} />
          ))}
        </ul>
      </Enlarging>
    </>
  );

  function altOf({ records }: NamedPhoto): string {
    return t('photos.of', { title: records.map(nameOf).join(', ') });
  }
}

function usePlace(photos: NamedPhoto[]) {
  const beginning = useRef<HTMLDivElement>(null);
  const [isDown, setDown] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const [held, setHeld] = useState<ReadonlySet<string>>();
  const hold = useEffectEvent((looking: boolean) =>
    setHeld(looking ? new Set(photos.map(({ hash }) => hash)) : undefined),
  );
  const looking = isDown || isOpen;
  useEffect(() => hold(looking), [looking]);
  useEffect(() => {
    if (!beginning.current) return;
    const watch = new IntersectionObserver(([seen]) => setDown(seen !== undefined && !seen.isIntersecting));
    watch.observe(beginning.current);
    return () => watch.disconnect();
  }, []);
  const letGo = () => {
    setHeld(undefined);
    beginning.current?.scrollIntoView({ block: 'center' });
    // The button is gone with what it told of; keys go on from the first photo.
    beginning.current?.focus({ preventScroll: true });
  };
  return { beginning, ...keepPlace(photos, held), letGo, onPreview: setOpen };
}

interface PhotoProps {
  photo: NamedPhoto;
  /** The office whose photos are looked at, if it is one. */
  office?: string;
  alt: string;
}

function Photo({ photo: { hash, stored_at, preview, records, others }, office, alt }: PhotoProps) {
  const { t } = useWords();
  const directory = useDirectory();
  const [first] = records;
  return (
    <li className="sheet">
      {preview ? (
        <Image
          alt={alt}
          src={thumbAddress(hash)}
          preview={{ src: photoAddress(hash) }}
          width={160}
          height={120}
        />
      ) : (
        <div className="gallery-gap">
          {t('record.photoNoPreview')}
          <a href={photoAddress(hash)} download>
            {t('record.photoDownload')}
          </a>
        </div>
      )}
      {records.map((line) => (
        <div key={line.id} className="wrap">
          <Link to="/records/$id" params={{ id: line.id }} className="row-link">
            {nameOf(line)}
          </Link>{' '}
          <KindMark kind={line.kind} />
        </div>
      ))}
      {others > 0 && (
        <Link to="/records" search={{ photo: hash, ...(office && { office }) }} className="small">
          {t('photos.others', { count: others, shown: number(others) })}
        </Link>
      )}
      <div className="small quiet">
        {directory.person(first?.owner)} <Moment at={stored_at} zone={directory.zone(first?.office)} />
      </div>
    </li>
  );
}
