import type { Role } from '../session/powers.ts';

export const ROLES: Role[] = ['promoter', 'supervisor', 'secretary', 'office_manager', 'reviewer', 'hq_admin', 'auditor'];

export interface PeopleSearch {
  office?: string;
  team?: string;
  role?: Role;
  text?: string;
  /** Shows also those whose work has ended. */
  everybody?: boolean;
}

export function readPeopleSearch(search: Record<string, unknown>): PeopleSearch {
  const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined);
  const found: PeopleSearch = {
    office: text(search.office),
    team: text(search.team),
    role: ROLES.find((role) => role === search.role),
    text: text(search.text),
    everybody: search.everybody === true ? true : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
