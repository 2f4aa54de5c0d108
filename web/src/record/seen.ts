import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { recordDetail, type Detail } from '../api/records.ts';
import { useMe } from '../session/session.ts';
import { areOwn, changesSince } from './changes-since.ts';
import type { HistoryLine } from './shape.ts';

export interface Seen {
  /** The version on which a decision may rest: the one that the person has looked at. */
  detail: Detail;
  /** What came since, or undefined if nothing did. Until it is acknowledged, nothing is decided. */
  news?: HistoryLine[];
  /** The person has looked at what came. */
  acknowledge: () => void;
  /** A version that the person's own action made. What others changed at the same time is news all the same. */
  accept: (detail: Detail) => void;
}

export const sameHeads = (a: Detail, b: Detail): boolean => a.line.heads.join() === b.line.heads.join();

/** Keeps which version of a record somebody has looked at, while newer ones may come in behind their back. */
export function useSeen(present: Detail, before?: Detail): Seen {
  const cache = useQueryClient();
  const { id: me } = useMe();
  const [detail, setDetail] = useState(before ?? present);
  const changed = !sameHeads(detail, present);
  return {
    detail,
    news: changed ? changesSince(detail.history, present.history) : undefined,
    acknowledge: () => setDetail(present),
    accept: (made) => {
      setDetail((seen) => (areOwn(changesSince(seen.history, made.history), me) ? made : seen));
      cache.setQueryData(recordDetail(made.line.id).queryKey, made);
    },
  };
}
