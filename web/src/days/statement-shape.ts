import type { Sealed } from '../api/days.ts';
import type { RecordFilter } from '../api/records.ts';

/** What a statement says; those that are older than the audit trail, or than photos were told, lack some of it. */
export type Statement = Sealed['statement'];

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
