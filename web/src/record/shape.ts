import type { Body } from '../api/client.ts';
import type { Detail } from '../api/records.ts';

/** A single value of a field. */
export type Scalar = Body['Scalar'];
/** What a field holds: a single value, or values by key. */
export type FieldValue = Body['FieldValue'];
/** A field that several people wrote without knowing of each other. */
export type Conflict = Body['ConflictBody'];
export type ConcurrentValue = Body['ConcurrentValueBody'];
export type FollowUp = Body['FollowUpBody'];
export type StageEntry = Body['StageEntryBody'];
export type PhotoEntry = Body['PhotoEntryBody'];
export type RecordView = Detail['record'];

/** What one change did to one field, as the change itself says. */
export type FieldChange = Body['FieldChangeBody'];

/** What speaks for a change; of one that was set aside nothing does yet. */
type Proven = Pick<Body['HistoryBody'], 'evidence' | 'grade' | 'not_after'>;

/** What one change did to one field, and what is known about it. */
export type HistoryLine = Omit<Body['HistoryBody'], keyof Proven> & Partial<Proven>;
