import type { Detail } from '../api/records.ts';
import { Arrival } from './arrival.tsx';
import { Conflicts } from './conflicts.tsx';
import { Entries } from './entries.tsx';
import { Flags } from './flags.tsx';
import { History } from './history.tsx';
import { Origin } from './origin.tsx';
import { Photos } from './photos.tsx';
import { PlaceSheet } from './place-sheet.tsx';
import { Values } from './values.tsx';
import './record.css';

interface Props {
  detail: Detail;
  zone?: string;
  /** Left out where nobody may write. */
  onWrite?: (facts: Record<string, unknown>, field: string) => void;
  writing: boolean;
  /** What to do with a version that the person's own action made. */
  onMade: (detail: Detail) => void;
}

/** Everything about a record, the most contested first. */
export function RecordBody({ detail, zone, onWrite, writing, onMade }: Props) {
  return (
    <div className="record-body">
      <div className="record-columns">
        <div>
          <Conflicts detail={detail} zone={zone} onWrite={onWrite} writing={writing} />
          <Flags detail={detail} zone={zone} />
          <Values detail={detail} zone={zone} onWrite={onWrite} writing={writing} />
          <Photos detail={detail} />
        </div>
        <div>
          <PlaceSheet detail={detail} />
          <Arrival detail={detail} zone={zone} onMade={onMade} />
          <Origin detail={detail} zone={zone} onMade={onMade} />
          <Entries detail={detail} zone={zone} />
        </div>
      </div>
      <History detail={detail} zone={zone} />
    </div>
  );
}
