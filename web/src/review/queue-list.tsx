import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useDirectory } from '../api/directory.ts';
import { nameOf, type Line } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { ReviewMark } from '../words/marks.tsx';
import type { Outcome, Outcomes } from './queue.ts';

interface Props {
  lines: Line[];
  at?: string;
  outcomes: Outcomes;
  onGo: (id: string) => void;
}

/** About how high a line is, in pixels; what it is is measured when it is shown. */
const LINE = 52;

/** The queue; what is decided stays in its place until it is fetched again, so one can go back to it. Thousands may be
 * loaded by the end of an evening, so only those in view are drawn. */
export function QueueList({ lines, at, outcomes, onGo }: Props) {
  const { t } = useWords();
  const scroller = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    getItemKey: (index) => lines[index]?.id ?? index,
    overscan: 8,
  });
  const place = lines.findIndex((line) => line.id === at);
  useEffect(() => {
    if (place >= 0) list.scrollToIndex(place, { align: 'auto' });
  }, [list, place]);
  return (
    <div className="queue" ref={scroller}>
      <ol aria-label={t('review.queue')} style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map(({ index, key, start }) => {
          const line = lines[index];
          if (!line) return null;
          return (
            <li
              key={key}
              ref={list.measureElement}
              data-index={index}
              aria-setsize={lines.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Queued line={line} here={line.id === at} outcome={outcomes.get(line.id)} onGo={onGo} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

interface QueuedProps {
  line: Line;
  here: boolean;
  outcome?: Outcome;
  onGo: (id: string) => void;
}

function Queued({ line, here, outcome, onGo }: QueuedProps) {
  const directory = useDirectory();
  return (
    <button
      type="button"
      className={here ? 'queued queued-here' : 'queued'}
      aria-current={here ? 'true' : undefined}
      onClick={() => onGo(line.id)}
    >
      <span className="queued-title">{nameOf(line)}</span>
      <Standing outcome={outcome} />
      <span className="queued-about small">
        <span className="number">{line.day}</span> · {term('kind', line.kind)} · {directory.person(line.owner)}
      </span>
      <span className="queued-marks">
        {line.conflicts > 0 && <span className="mark mark-conflict">{line.conflicts}</span>}
        {line.flags.length > 0 && (
          <span className="mark mark-flag" title={line.flags.map((flag) => term('flag', flag)).join(' · ')}>
            {line.flags.length === 1 ? term('flag', line.flags[0] ?? '') : line.flags.length}
          </span>
        )}
      </span>
    </button>
  );
}

function Standing({ outcome }: { outcome?: Outcome }) {
  const { t } = useWords();
  if (!outcome) return null;
  if (outcome.standing === 'refused') return <span className="mark mark-rejected">{t('review.notTaken')}</span>;
  return (
    <span className={outcome.standing === 'sending' ? 'standing sending' : 'standing'}>
      <ReviewMark state={outcome.state} />
    </span>
  );
}
