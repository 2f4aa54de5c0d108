import type { Counts, Sealed } from '../api/days.ts';
import type { Body } from '../api/client.ts';
import type { RecordFilter } from '../api/records.ts';

/** Something with the name that it had when the day was sealed. */
export interface Named {
  id: string;
  name: string;
}

/** What a statement says, which the OpenAPI document leaves open (server/src/day/statement.rs). */
export interface Statement {
  form: string;
  organisation: Named;
  office: Named;
  day: string;
  number: number;
  sealed_at: number;
  sealed_by: Named;
  /** The last entry of the audit trail; there is none in statements that are older than it. */
  audit?: { no: number; link: string } | null;
  reason: string | null;
  total: Counts;
  people: (Counts & { person: Named })[];
  figures: Record<string, Body['FigureBody']>;
  devices: { device: Named; person: Named; n: number; link: string; last_exchange_at: number | null; photos?: number }[];
  missing: {
    device: Named;
    person: Named;
    absence: string;
    unsent: number;
    /** Photos left on it; older statements don't say. */
    photos?: number;
    last_exchange_at: number | null;
    reason: string;
  }[];
  records: string[];
  facts: { record: string; fact: string }[];
}

export const statementOf = (sealed: Sealed): Statement => sealed.statement as unknown as Statement;

/** The records that a statement counts, as a filter of the list. */
export const sealedBy = ({ office, day, number }: Statement): RecordFilter => ({
  made_in: office.id,
  day,
  sealed_in: number,
});

/** The file with which anybody can check the signature: the signed bytes as they are, and by what they are signed. */
export function signedFile({ body, signature, key }: Sealed): string {
  return JSON.stringify({ body, signature, key });
}

/** What that file is called: the office's own name says more than its identifier. */
export function fileName({ office, day, number }: Statement): string {
  const name = office.name.replace(/[\s/\\:*?"<>|]+/g, '-');
  return `${[name, day, number].join('_')}.json`;
}
