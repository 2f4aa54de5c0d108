import type { TrailEntry } from '../api/audit.ts';

/** The record that an entry is about, by the address of its operation. */
export function recordOf(entry: TrailEntry): string | undefined {
  return /^\/api\/v1\/(?:records|amendments)\/([0-9a-f-]{36})(?:\/|$)/.exec(entry.subject)?.[1];
}

/** With what something was done, on one line; nothing where there is nothing to say. */
export function detailText(detail: unknown): string {
  if (detail === null || detail === undefined) return '';
  if (typeof detail === 'string') return decodeURIComponentSafely(detail);
  if (typeof detail !== 'object') return String(detail);
  return Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}

/** The question of an address as it was meant; as it stands where somebody sent something that is none. */
function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
