import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'antd';
import { useEffect } from 'react';
import { useDirectory } from '../api/directory.ts';
import { exported } from '../api/files.ts';
import { newestPhotos, newsBelow } from '../api/photos.ts';
import { useWords } from '../language/wording.ts';
import { Choice } from '../records/filters.tsx';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched, Nothing } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { More } from '../words/more.tsx';
import { Gallery } from './gallery.tsx';
import { lookedInVain } from './place.ts';
import { readPhotoSearch } from './search.ts';

/** Photos together, the newest first; each leads to the records that it belongs to. */
export function PhotosPage() {
  const { t } = useWords();
  const { office } = useSearch({ from: '/inside/photos' });
  const navigate = useNavigate({ from: '/photos' });
  const directory = useDirectory();
  const query = useInfiniteQuery(newestPhotos(office));
  const pages = query.data?.pages ?? [];
  const photos = pages.flatMap((page) => page.items);
  const { isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  const stirred = useQuery(newsBelow(office)).data;
  const cache = useQueryClient();
  const refresh = async () => {
    const { isSuccess } = await query.refetch();
    if (isSuccess) cache.setQueryData(newsBelow(office).queryKey, false);
  };
  // Whoever comes back to the page finds all of it fetched.
  useEffect(() => () => void cache.setQueryData(newsBelow(office).queryKey, false), [cache, office]);
  const inVain = lookedInVain(pages) && !isFetchNextPageError;
  useEffect(() => {
    if (inVain && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, inVain, isFetchingNextPage]);
  return (
    <>
      <PageHead
        title={t('photos.title')}
        end={
          <>
            <ExportButton name={t('photos.title')} list={exported('/api/v1/photos/export', { query: { office } })} />
            <Button onClick={() => void refresh()} loading={query.isRefetching && { delay: 500 }}>
              {t('common.refresh')}
            </Button>
          </>
        }
      />
      <p className="page-lead">{t('photos.lead')}</p>
      {directory.offices.length > 1 && (
        <div className="filters" role="search">
          <Choice
            label={t('records.filter.office')}
            value={office}
            options={directory.offices.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(office) => void navigate({ search: readPhotoSearch({ office }) })}
            wide
          />
        </div>
      )}
      <Fetched query={query}>
        {() => (
          <>
            {photos.length === 0 && !query.hasNextPage && <Nothing title={t('photos.none')} hint={t('photos.noneHint')} />}
            <p className="gallery-stirred" role="status">
              {stirred && (
                <>
                  {t('photos.stirred')}{' '}
                  <Button size="small" onClick={() => void refresh()}>
                    {t('photos.showNow')}
                  </Button>
                </>
              )}
            </p>
            <Gallery key={office} photos={photos} office={office} />
            {inVain && (
              <p className="quiet" role="status">
                {t('photos.looking')}
              </p>
            )}
            {!inVain && <More query={query} />}
          </>
        )}
      </Fetched>
    </>
  );
}
