import type { Explanation } from '../api/days.ts';
import type { MissingPhone } from './board-lines.ts';

/** The longest reason that the server takes, in characters. */
export const LONGEST_REASON = 500;

/** Why phones are missing, by phone, as far as somebody has said. */
export type Reasons = Record<string, string>;

export const sameForAll = (missing: MissingPhone[], reason: string): Reasons =>
  Object.fromEntries(missing.map(({ device }) => [device.id, reason]));

/** The phones of which nobody has said why. */
export const unexplained = (missing: MissingPhone[], reasons: Reasons): MissingPhone[] =>
  missing.filter(({ device }) => !reasons[device.id]?.trim());

/** What is said to the server: of the phones that are missing now, and of no others. */
export const explanations = (missing: MissingPhone[], reasons: Reasons): Explanation[] =>
  missing.map(({ device }) => ({ device: device.id, reason: reasons[device.id]?.trim() ?? '' }));

/** The phones that went missing after somebody began to say why. */
export const newcomers = (missing: MissingPhone[], before: ReadonlySet<string>): MissingPhone[] =>
  missing.filter(({ device }) => !before.has(device.id));
