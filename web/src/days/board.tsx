import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Button, Checkbox } from 'antd';
import { useState } from 'react';
import { officeBoard, type Board } from '../api/days.ts';
import { useDirectory } from '../api/directory.ts';
import { exported } from '../api/files.ts';
import { clockTime, time, useWords } from '../language/wording.ts';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { ExportButton } from '../words/export.tsx';
import { missingPhones } from './board-lines.ts';
import { BoardTable } from './board-table.tsx';
import { dayIn, isDay } from './business-day.ts';
import { CloseDialog } from './close-dialog.tsx';
import { DayChoice } from './day-choice.tsx';
import { Figures } from './figures.tsx';
import { LateTray } from './late-tray.tsx';
import { AsOf } from './live.tsx';
import { RemindAll } from './remind.tsx';
import { StatementLinks } from './statement-links.tsx';
import './days.css';

/** An office's day: who made what, whose phone is missing, what is sealed and what is late. */
export function BoardPage() {
  const { t } = useWords();
  const { office, day } = useParams({ from: '/inside/offices/$office/days/$day' });
  const navigate = useNavigate();
  const { missing } = useSearch({ from: '/inside/offices/$office/days/$day' });
  const powers = usePowers();
  const directory = useDirectory();
  const query = useQuery(officeBoard(office, day));
  const zone = directory.zone(office);
  const name = query.data?.name ?? directory.office(office);
  const [closing, setClosing] = useState(false);
  const show = (day: string) => void navigate({ to: '/offices/$office/days/$day', params: { office, day } });
  return (
    <>
      <PageHead
        title={name ? t('board.title', { name, day }) : day}
        beside={isDay(day) && <DayChoice day={day} today={dayIn(zone, Date.now())} onChange={show} />}
        end={
          <>
            <AsOf query={query} zone={zone} />
            <ExportButton
              name={t('board.title', { name: name ?? '', day })}
              list={exported('/api/v1/offices/{office}/days/{day}/export', { path: { office, day }, query: { missing } })}
            />
            {query.data && <RemindAll board={query.data} />}
            {query.data?.statements.length === 0 && powers.closeDays && (
              <Button type="primary" onClick={() => setClosing(true)}>
                {t('board.close')}
              </Button>
            )}
          </>
        }
      />
      <Fetched query={query} rows={12}>
        {(board) => (
          <>
            <Standing board={board} zone={zone} />
            {board.statements.length > 0 && <LateTray board={board} />}
            <BoardTable board={board} zone={zone} />
            <Figures board={board} />
            {closing && <CloseDialog board={board} zone={zone} onClose={() => setClosing(false)} />}
          </>
        )}
      </Fetched>
    </>
  );
}

/** How the day stands, and whether somebody is missing. */
function Standing({ board, zone }: { board: Board; zone?: string }) {
  const { t } = useWords();
  const search = useSearch({ from: '/inside/offices/$office/days/$day' });
  const navigate = useNavigate({ from: '/offices/$office/days/$day' });
  const directory = useDirectory();
  const missing = missingPhones(board).length;
  const sealed = board.statements[0];
  return (
    <div className="standing">
      <Link to="/days" search={board.is_today ? {} : { day: board.day }}>
        {t('board.toOffices')}
      </Link>
      <span className={`mark mark-${sealed ? 'approved' : 'received'}`}>{t(sealed ? 'days.closed' : 'days.open')}</span>
      {sealed && (
        <span>
          {t('board.closedBy', {
            name: directory.person(sealed.sealed_by) ?? t('common.unknown'),
            time: time(sealed.sealed_at, zone),
          })}
        </span>
      )}
      <StatementLinks board={board} />
      <span className={missing > 0 ? 'mark mark-held' : undefined}>
        {missing > 0 ? t('board.missing', { count: missing }) : t('board.allIn')}
      </span>
      <Checkbox
        checked={search.missing ?? false}
        onChange={(event) =>
          void navigate({ search: { ...search, missing: event.target.checked || undefined }, replace: true })
        }
      >
        {t('board.missingOnly')}
      </Checkbox>
      {!sealed && (
        <span className="small quiet">{t('board.openLead', { time: clockTime(board.evening, zone) })}</span>
      )}
    </div>
  );
}
