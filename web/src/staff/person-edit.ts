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

/** What the server takes, in characters (server/src/service/people.rs). */
export const LONGEST_LOGIN = 100;

/** Somebody new, as far as it is typed. */
export interface NewDraft {
  name: string;
  role: Role;
  office?: string;
  team?: string;
  login: string;
}

/** Whether people of a role work at the console, so that they are no use without a login. */
export const wantsLogin = (role: Role): boolean => role !== 'promoter' && role !== 'supervisor';

const atHeadQuarters = (role: Role): boolean => ['reviewer', 'hq_admin', 'auditor'].includes(role);

/** What is sent of a draft, or what it lacks still. */
export function newcomerOf(draft: NewDraft): {
  newcomer?: Body['NewPerson'];
  lacks: ('name' | 'office' | 'team' | 'login')[];
} {
  const [name, login] = [draft.name.trim(), draft.login.trim()];
  const lacks = [
    ...(name === '' ? ['name' as const] : []),
    ...(draft.office === undefined && !atHeadQuarters(draft.role) ? ['office' as const] : []),
    ...(draft.team === undefined && draft.role === 'supervisor' ? ['team' as const] : []),
    ...(login === '' && wantsLogin(draft.role) ? ['login' as const] : []),
  ];
  if (lacks.length > 0) return { lacks };
  return { newcomer: { name, role: draft.role, office: draft.office, team: draft.team, login: login || undefined }, lacks };
}
