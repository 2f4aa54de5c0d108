import type { Body } from '../api/client.ts';
import type { Role } from '../session/powers.ts';

export interface Draft {
  role: Role;
  office?: string;
  team?: string;
  active: boolean;
}

/** Only what is different is sent, so that what somebody else changed meanwhile stays. */
export function editOf(person: Body['PersonBody'], draft: Draft): Body['PersonEdit'] {
  const edit: Body['PersonEdit'] = {};
  if (draft.role !== person.role) edit.role = draft.role;
  if (draft.active !== person.active) edit.active = draft.active;
  if ((draft.office ?? null) !== (person.office ?? null)) edit.office = draft.office ?? null;
  if ((draft.team ?? null) !== (person.team ?? null)) edit.team = draft.team ?? null;
  return edit;
}
