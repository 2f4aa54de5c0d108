import { useEffect, useRef } from 'react';
import { useDirectory } from '../api/directory.ts';
import type { Line } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { ReviewMark } from '../words/marks.tsx';
import type { Outcome, Outcomes } from './queue.ts';

interface Props {
  lines: Line[];
  at?: string;
  outcomes: Outcomes;
  onGo: (id: string) => void;
}

/** The queue; what is decided stays in its place until it is fetched again, so one can go back to it. */
export function QueueList({ lines, at, outcomes, onGo }: Props) {
  const { t } = useWords();
  const directory = useDirectory();
  const here = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    here.current?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  return (
    <ol className="queue" aria-label={t('review.queue')}>
      {lines.map((line) => {
        const present = line.id === at;
        return (
          <li key={line.id}>
            <button
              type="button"
              ref={present ? here : undefined}
              className={present ? 'queued queued-here' : 'queued'}
              aria-current={present ? 'true' : undefined}
              onClick={() => onGo(line.id)}
            >
              <span className="queued-title">{line.title || term('kind', line.kind)}</span>
              <Standing outcome={outcomes.get(line.id)} />
              <span className="queued-about small">
                {term('kind', line.kind)} · {directory.person(line.owner)} · {line.day.slice(5)}
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
          </li>
        );
      })}
    </ol>
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
