import { term } from '../language/wording.ts';
import type { Line } from '../api/records.ts';

/** Where a record stands in review. */
export function ReviewMark({ state }: { state: Line['review'] }) {
  return <span className={`mark mark-${state}`}>{term('review', state)}</span>;
}

/** Reasons to look more closely; evidence, not verdicts. */
export function FlagMarks({ flags }: { flags: string[] }) {
  if (flags.length === 0) return null;
  return (
    <span className="marks">
      {flags.map((flag) => (
        <span key={flag} className="mark mark-flag">
          {term('flag', flag)}
        </span>
      ))}
    </span>
  );
}

export function KindMark({ kind }: { kind: Line['kind'] }) {
  return <span className={`kind kind-${kind}`}>{term('kind', kind)}</span>;
}
