import type { Body } from '../api/client.ts';

export type Role = Body['Me']['role'];

/** What the console offers; the server decides again at every request (server/src/scope.rs). */
export interface Powers {
  review: boolean;
  reassign: boolean;
  seeQuarantine: boolean;
  decideQuarantine: boolean;
  seeAmendments: boolean;
  /** Offices decide only while head quarters has not closed the record. */
  decideAmendments: boolean;
  seeDevices: boolean;
  cutOff: boolean;
  /** Have phones enrolled. */
  invite: boolean;
  seeDays: boolean;
  closeDays: boolean;
  /** Note arrivals, and say who receives customers. */
  receive: boolean;
  seeAudit: boolean;
  seeSystem: boolean;
  administer: boolean;
  headQuarters: boolean;
}

export function powersOf(role: Role): Powers {
  const is = (...roles: Role[]) => roles.includes(role);
  return {
    review: is('reviewer', 'hq_admin'),
    reassign: is('secretary', 'office_manager', 'hq_admin'),
    seeQuarantine: is('reviewer', 'hq_admin', 'auditor'),
    decideQuarantine: is('reviewer', 'hq_admin'),
    seeAmendments: is('secretary', 'office_manager', 'reviewer', 'hq_admin', 'auditor'),
    decideAmendments: is('secretary', 'office_manager', 'reviewer', 'hq_admin'),
    seeDevices: is('supervisor', 'secretary', 'office_manager', 'reviewer', 'hq_admin', 'auditor'),
    cutOff: is('secretary', 'office_manager', 'hq_admin'),
    invite: is('secretary', 'office_manager', 'hq_admin'),
    seeDays: is('secretary', 'office_manager', 'reviewer', 'hq_admin', 'auditor'),
    closeDays: is('secretary', 'office_manager', 'hq_admin'),
    receive: is('secretary', 'office_manager', 'hq_admin'),
    seeAudit: is('hq_admin', 'auditor'),
    seeSystem: is('hq_admin', 'auditor'),
    administer: is('hq_admin'),
    headQuarters: is('reviewer', 'hq_admin', 'auditor'),
  };
}

/** Whether somebody may decide about an amendment of a record that stands so in review. */
export function mayDecideAmendment(role: Role, review: Body['AmendmentBody']['review']): boolean {
  const powers = powersOf(role);
  const closed = review === 'approved' || review === 'rejected';
  return powers.decideAmendments && (powers.headQuarters || (review != null && !closed));
}
