import type { Body } from '../api/client.ts';

/** Whether a phone of theirs can be enrolled: it belongs to an office (`person.no_office` among the server's answers). */
export const mayBeInvited = ({ active, office }: Body['PersonBody']): boolean => active && office != null;

/** What the QR shows: where the server is, and the code behind `#`, which browsers tell nobody. */
export function invitationAddress(origin: string, code: string): string {
  return `${origin}/enrol#${code}`;
}

/** The code in the part behind `#`, if one stands there. */
export function codeIn(hash: string): string | undefined {
  return /^#?([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})$/.exec(hash)?.[1];
}

/** What is left until then, as `59:07`; nothing once it has passed. */
export function remaining(until: number, now: number): string | undefined {
  const seconds = Math.ceil((until - now) / 1_000);
  if (seconds <= 0) return undefined;
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}
