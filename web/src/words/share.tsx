import { percent } from '../language/wording.ts';
import './share.css';

/** A part of a whole as a bar, with how many of a hundred it is. */
export function Share({ part, of }: { part: number; of: number }) {
  const share = of === 0 ? 0 : part / of;
  return (
    <span className="share">
      <span className="share-bar" aria-hidden>
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className="number">{percent(share * 100)}</span>
    </span>
  );
}
