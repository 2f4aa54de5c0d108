import type { Body } from '../api/client.ts';

export type Device = Body['DeviceBody'];

export const STATUSES = ['active', 'revoked', 'deposited', 'wiping', 'wiped'] as const;
export type Status = (typeof STATUSES)[number];

export interface DeviceSearch {
  device?: string;
  person?: string;
  office?: string;
  status?: Status;
  /** The version of the app. */
  app?: string;
  /** Only phones that hold something unsent. */
  unsent?: boolean;
}

export function readDeviceSearch(search: Record<string, unknown>): DeviceSearch {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  // Some versions read as a number.
  const version = (value: unknown) => (typeof value === 'number' ? String(value) : text(value));
  const found: DeviceSearch = {
    device: text(search.device),
    person: text(search.person),
    office: text(search.office),
    status: STATUSES.find((status) => status === search.status),
    app: version(search.app),
    unsent: search.unsent === true ? true : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** Where a phone stands between use and wiped. */
export function statusOf(device: Device): Status {
  if (device.wiped_at != null) return 'wiped';
  if (device.wipe_ordered_at != null) return 'wiping';
  if (device.revoked_at == null) return 'active';
  return device.deposited_at == null ? 'revoked' : 'deposited';
}

/** Versions in their order: 0.10 comes after 0.9. */
export const compareVersions = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** The versions of the app that phones have, the newest first. */
export const versionsOf = (devices: Device[]): string[] =>
  [...new Set(devices.map(({ app }) => app))].sort((a, b) => compareVersions(b, a));

export function holdsUnsent(device: Device): boolean {
  return device.unsent.changes > 0 || device.unsent.photos > 0;
}

/** Clocks further off than this are shown as wrong, in milliseconds. */
export const SKEW_MS = 60_000;
