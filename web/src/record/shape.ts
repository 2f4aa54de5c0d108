import type { Body } from '../api/client.ts';
import type { Detail, Kind, ReviewState } from '../api/records.ts';

/** A single value of a field. */
export type Scalar = string | number | boolean | null;
/** What a field holds: a scalar, a text, or values by key. */
export type FieldValue = Scalar | Record<string, Scalar>;

export interface ConcurrentValue {
  value: Scalar;
  author: string;
  at: number;
  change: string;
  shown: boolean;
}

/** A field that several people wrote without knowing of each other. */
export interface Conflict {
  zone: string;
  /** For a map `field/key`. */
  field: string;
  values: ConcurrentValue[];
}

interface Entry {
  author: string;
  id: string;
  at: number;
}

export interface FollowUp extends Entry {
  text: string;
  by_means_of: string | null;
  next_on: string | null;
}

export interface StageEntry extends Entry {
  stage: string;
  reason: string | null;
  amount: string | null;
  unit: string | null;
}

export interface PhotoEntry extends Entry {
  hash: string;
  bytes: number;
  media_type: string;
  caption: string | null;
}

/** The merged record, which the OpenAPI document leaves open (sync-core/src/record/view.rs). */
export interface RecordView {
  header: {
    id: string;
    kind: Kind;
    owner: string;
    office: string;
    team: string | null;
    project: string | null;
    captured: { wall: number };
    utc_offset_minutes: number;
    place: string | null;
    device: string;
    app: string;
  };
  follow_ups: FollowUp[];
  stages: StageEntry[];
  photos: PhotoEntry[];
  office: Record<string, Scalar>;
  review: { state: ReviewState; reason: string | null; by: string | null; at: number | null };
  conflicts: Conflict[];
  unknown?: Record<string, Scalar>;
  heads: string[];
  stage: string | null;
  facts: Record<string, FieldValue>;
}

/** What speaks for a change; of one that was set aside nothing does yet. */
type Proven = Pick<Body['HistoryBody'], 'evidence' | 'grade' | 'not_after'>;

/** What one change did to one field; which of the last fields are there depends on `act`. */
export type HistoryLine = Omit<Body['HistoryBody'], keyof Proven> & Partial<Proven> & {
  value?: Scalar;
  inserted?: string;
  deleted?: number;
  entry?: Record<string, Scalar>;
};

export function viewOf(detail: Detail): RecordView {
  return detail.record as RecordView;
}

export function historyOf(detail: Detail): HistoryLine[] {
  return detail.history as HistoryLine[];
}
