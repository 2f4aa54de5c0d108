import type { TrailEntry } from '../api/audit.ts';

/** The record that an entry is about, by the address of its operation. */
export function recordOf(entry: TrailEntry): string | undefined {
  return /^\/api\/v1\/(?:records|amendments)\/([0-9a-f-]{36})(?:\/|$)/.exec(entry.subject)?.[1];
}

/** How what was noted is put into words. Whatever has none stands as it was noted. */
export interface Wording {
  /** What an identifier stands for, where that is known. */
  named: (id: string) => string | undefined;
  /** What a part is called. */
  part: (name: string) => string;
  /** What a word of a part means. */
  meant: (part: string, word: string) => string | undefined;
  yesOrNo: (yes: boolean) => string;
}

const AS_NOTED: Wording = { named: () => undefined, part: (name) => name, meant: () => undefined, yesOrNo: String };

/** Parts that are for programs: which changes somebody had seen. The chain says them in full. */
const UNTOLD = new Set(['seen', 'through']);
/** A hash tells its beginning. */
const HASH = /^[0-9a-f]{64}$/;

/** With what something was done, on one line; nothing where there is nothing to say. */
export function detailText(detail: unknown, wording: Wording = AS_NOTED): string {
  if (typeof detail === 'string') return decodeURIComponentSafely(detail);
  if (!isObject(detail)) return said('', detail, wording);
  const { before, after } = detail;
  const parts = isObject(before) && isObject(after) ? comparedParts(before, after, wording) : partsOf(detail, wording);
  return parts.join(' · ');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const partsOf = (detail: Record<string, unknown>, wording: Wording): string[] =>
  Object.entries(detail)
    .filter(([key, value]) => value !== null && !UNTOLD.has(key))
    .map(([key, value]) => `${wording.part(key)}: ${said(key, value, wording)}`);

/** What was set, beside what it was before. */
const comparedParts = (before: Record<string, unknown>, after: Record<string, unknown>, wording: Wording): string[] =>
  Object.entries(after).flatMap(([key, value]) => {
    const was = before[key];
    if (value === null) return [];
    if (isObject(was) && isObject(value)) return comparedParts(was, value, wording);
    return [`${wording.part(key)}: ${said(key, was, wording)} → ${said(key, value, wording)}`];
  });

function said(part: string, value: unknown, wording: Wording): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') {
    return wording.named(value) ?? wording.meant(part, value) ?? (HASH.test(value) ? `${value.slice(0, 8)}…` : value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => said(part, item, wording)).join(value.some(isObject) ? '; ' : ', ');
  }
  if (isObject(value)) return partsOf(value, wording).join(', ');
  return typeof value === 'boolean' ? wording.yesOrNo(value) : String(value);
}

/** The question of an address as it was meant; as it stands where somebody sent something that is none. */
function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
