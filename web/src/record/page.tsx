import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { App } from 'antd';
import { useCallback, useState } from 'react';
import { useDirectory } from '../api/directory.ts';
import { decide, nameOf, recordDetail, type Detail } from '../api/records.ts';
import { term, useWords } from '../language/wording.ts';
import { Company } from '../live/company.tsx';
import { useProblemNotice } from '../problem/notices.tsx';
import { Problem } from '../problem/problem.ts';
import { usePowers } from '../session/session.ts';
import { PageHead } from '../shell/page-head.tsx';
import { Fetched } from '../shell/states.tsx';
import { FlagMarks, KindMark, ReviewMark } from '../words/marks.tsx';
import { RecordBody } from './body.tsx';
import { useSeen } from './seen.ts';
import { Stale } from './stale.tsx';
import { useVerdict, VerdictButtons, type Decision } from './verdict.tsx';
import { VerdictNote } from './verdict-note.tsx';
import { useWriteFacts } from './write.ts';

export function RecordPage() {
  const { id } = useParams({ from: '/inside/records/$id' });
  const query = useQuery(recordDetail(id));
  return (
    <Fetched query={query} rows={12}>
      {(detail) => <RecordInFull key={id} detail={detail} />}
    </Fetched>
  );
}

function RecordInFull({ detail }: { detail: Detail }) {
  const { t } = useWords();
  const { line } = detail;
  const zone = useDirectory().zone(line.office);
  const powers = usePowers();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const seen = useSeen(detail);
  const [refused, setRefused] = useState(false);
  const { write, writing } = useWriteFacts(seen, () => setRefused(true));

  const decision = useMutation({
    mutationFn: ({ state, reason }: Decision) => decide(line.id, { state, reason, seen: seen.detail.line.heads }),
    onSuccess: (decided) => {
      setRefused(false);
      seen.accept(decided);
      message.success(t('record.decided', { state: term('review', decided.line.review) }));
      void cache.invalidateQueries({ queryKey: ['records', 'page'] });
    },
    onError: (error) => {
      if (!(error instanceof Problem) || error.code !== 'review.stale') return notice(error);
      setRefused(true);
      return cache.invalidateQueries({ queryKey: recordDetail(line.id).queryKey });
    },
  });
  const { mutate } = decision;
  const give = useCallback((decision: Decision) => mutate(decision), [mutate]);
  const verdict = useVerdict(detail, give);
  const open = line.review === 'received' || line.review === 'returned';

  return (
    <>
      <PageHead
        title={nameOf(line)}
        beside={
          <div className="record-title">
            <KindMark kind={line.kind} />
            <ReviewMark state={line.review} />
            {line.stage && <span className="mark mark-stage">{term('stage', line.stage)}</span>}
            <FlagMarks flags={line.flags} />
            <Company record={line.id} />
            {line.conflicts > 0 && (
              <a href="#conflicts" className="mark mark-conflict">
                {t('records.column.conflicts')} {line.conflicts}
              </a>
            )}
          </div>
        }
        end={
          powers.review && (
            <VerdictButtons
              state={line.review}
              disabled={seen.news !== undefined || writing}
              sending={decision.isPending}
              onDecide={verdict.decide}
            />
          )
        }
      />
      <Stale seen={seen} refused={refused} onUnderstood={() => setRefused(false)} zone={zone} />
      <VerdictNote detail={detail} />
      {!open && powers.seeAmendments && (
        <p className="small quiet">
          {t('record.heldHint')} <Link to="/amendments">{t('record.heldLink')}</Link>
        </p>
      )}
      <RecordBody
        detail={detail}
        zone={zone}
        onWrite={powers.review && open ? write : undefined}
        writing={writing || seen.news !== undefined}
        onMade={seen.accept}
      />
      {verdict.dialog}
    </>
  );
}
