import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback, useEffect, useState } from 'react';
import { useDirectory } from '../api/directory.ts';
import { nameOf, recordDetail, type Detail } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { Company } from '../live/company.tsx';
import { RecordBody } from '../record/body.tsx';
import { useSeen } from '../record/seen.ts';
import { Stale } from '../record/stale.tsx';
import { useVerdict, VerdictButtons, type Decision } from '../record/verdict.tsx';
import { VerdictNote } from '../record/verdict-note.tsx';
import { useWriteFacts } from '../record/write.ts';
import { usePowers } from '../session/session.ts';
import { Fetched } from '../shell/states.tsx';
import { FlagMarks, KindMark, ReviewMark } from '../words/marks.tsx';
import type { Command } from './keys.ts';
import type { Outcome } from './queue.ts';

interface Props {
  outcome?: Outcome;
  onDecide: (seen: Detail, decision: Decision) => void;
  /** Takes the commands that are about this record. */
  listen: (run: ((command: Command) => void) | undefined) => void;
}

/** The record that is looked at. Only what is on the screen can be decided about. */
export function ReviewItem({ id, ...props }: Props & { id: string }) {
  const query = useQuery(recordDetail(id));
  return (
    <Fetched query={query} rows={10}>
      {(detail) => <Item key={`${id} ${props.outcome?.standing === 'refused'}`} detail={detail} {...props} />}
    </Fetched>
  );
}

function Item({ detail, outcome, onDecide, listen }: Props & { detail: Detail }) {
  const { t } = useWords();
  const { line } = detail;
  const zone = useDirectory().zone(line.office);
  const powers = usePowers();
  const notTaken = outcome?.standing === 'refused';
  const seen = useSeen(detail, notTaken ? outcome.seen : undefined);
  const [notWritten, setNotWritten] = useState(false);
  const { write, writing } = useWriteFacts(seen, () => setNotWritten(true));
  const shown = seen.detail;
  const give = useCallback((decision: Decision) => onDecide(shown, decision), [onDecide, shown]);
  const { decide, dialog } = useVerdict(detail, give);

  const closed = line.review === 'approved' || line.review === 'rejected';
  const mayDecide = powers.review && !closed && seen.news === undefined && !writing && outcome?.standing !== 'sending';
  useEffect(() => {
    listen((command) => {
      if (!mayDecide) return;
      if (command === 'approve') decide('approved');
      if (command === 'return') decide('returned');
      if (command === 'reject') decide('rejected');
    });
    return () => listen(undefined);
  }, [decide, listen, mayDecide]);

  return (
    <article aria-label={nameOf(line)}>
      <header className="review-head">
        <div className="record-title">
          <h2>
            <Link to="/records/$id" params={{ id: line.id }}>
              {nameOf(line)}
            </Link>
          </h2>
          <KindMark kind={line.kind} />
          <ReviewMark state={line.review} />
          {line.stage && <span className="mark mark-stage">{term('stage', line.stage)}</span>}
          <FlagMarks flags={line.flags} />
          <Company record={line.id} />
        </div>
        {powers.review ? (
          <VerdictButtons
            keys
            state={closed ? 'received' : line.review}
            disabled={!mayDecide}
            onDecide={decide}
          />
        ) : (
          <span className="quiet">{t('review.readOnly')}</span>
        )}
      </header>
      <Stale seen={seen} refused={notTaken || notWritten} onUnderstood={() => setNotWritten(false)} zone={zone} />
      <VerdictNote detail={detail} />
      <RecordBody
        detail={detail}
        zone={zone}
        onWrite={powers.review && !closed ? write : undefined}
        writing={writing || seen.news !== undefined}
        onMade={seen.accept}
      />
      {dialog}
    </article>
  );
}
