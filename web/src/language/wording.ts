import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import type terms from './en-terms.ts';
import { present, TAGS, type Language } from './language.ts';

export type Group = keyof typeof terms;

/** The word for a value of an open list; what a newer app or an organisation added is shown as it is written. */
export function term(group: Group, value: string): string {
  const known = i18next.getResource(present(), 'terms', `${group}.${value}`) as unknown;
  return typeof known === 'string' ? known : value;
}

/** All values of a list that have a word, in their order. */
export function termsOf(group: Group): { value: string; label: string }[] {
  const all = i18next.getResource(present(), 'terms', group) as Record<string, string> | undefined;
  return Object.entries(all ?? {}).map(([value, label]) => ({ value, label }));
}

const formats = new Map<string, Intl.DateTimeFormat>();

const SHAPES = {
  full: { dateStyle: 'medium', timeStyle: 'long' },
  short: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  zone: { timeZoneName: 'shortOffset' },
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

function format(zone: string | undefined, shape: keyof typeof SHAPES): Intl.DateTimeFormat {
  const key = `${present()} ${zone} ${shape}`;
  const made = formats.get(key);
  if (made) return made;
  const fresh = new Intl.DateTimeFormat(TAGS[present()], { timeZone: zone, ...SHAPES[shape] });
  formats.set(key, fresh);
  return fresh;
}

/**
 * What a zone is called, `GMT+8`, if its clocks show something else at a moment than the reader's own; nothing if they
 * agree. So a time without a name is always the reader's.
 */
export function zoneName(millis: number, zone?: string): string | undefined {
  const reads = (zone?: string) => format(zone, 'short').format(millis);
  if (zone === undefined || reads(zone) === reads()) return undefined;
  return format(zone, 'zone').formatToParts(millis).find(({ type }) => type === 'timeZoneName')?.value;
}

const withZone = (text: string, millis: number, zone?: string): string =>
  [text, zoneName(millis, zone)].filter(Boolean).join(' ');

/** A moment to the minute, without its zone. */
export function plainTime(millis: number, zone?: string): string {
  return format(zone, 'short').format(millis);
}

/** A moment to the minute, with its zone where that is not the reader's own. */
export function time(millis: number, zone?: string): string {
  return withZone(plainTime(millis, zone), millis, zone);
}

/** The hour and minute of a moment where the day is clear, with its zone where that is not the reader's own. */
export function clockTime(millis: number, zone?: string): string {
  return withZone(format(zone, 'clock').format(millis), millis, zone);
}

/** A moment with seconds and zone, for whoever looks twice. */
export function exactTime(millis: number, zone?: string): string {
  return format(zone, 'full').format(millis);
}

export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return value.toLocaleString(TAGS[present()], options);
}

/** What a language is called; what is no tag of one is shown as it is written. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(TAGS[present()], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** So many of a hundred, as each language writes it: `16%`. */
export function percent(ofHundred: number): string {
  return number(Math.round(ofHundred) / 100, { style: 'percent' });
}

/** A length in metres, from a thousand on in kilometres. */
export function length(metres: number): string {
  const [value, unit] = metres >= 1_000 ? [metres / 1_000, 'kilometer'] : [metres, 'meter'];
  return number(value, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 });
}

/** Money is exact: it is grouped as text and never becomes a binary fraction. */
export function decimal(text: string): string {
  return /^-?\d+(\.\d+)?$/.test(text) ? text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',') : text;
}

/** So many bytes in the largest unit that says something: `820 kB`. */
export function size(bytes: number): string {
  const [value, unit] =
    bytes < 1_000 ? [bytes, 'byte'] : bytes < 1_000_000 ? [bytes / 1_000, 'kilobyte'] : bytes < 1e9 ? [bytes / 1e6, 'megabyte'] : [bytes / 1e9, 'gigabyte'];
  return number(value as number, { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits: 1 });
}

/** A stretch of time in the largest unit that says something: `3 h`, `250 ms`. */
export function stretch(millis: number): string {
  const [value, unit] =
    Math.abs(millis) < 1_000
      ? [millis, 'millisecond']
      : Math.abs(millis) < 120_000
        ? [millis / 1_000, 'second']
        : Math.abs(millis) < 7_200_000
          ? [millis / 60_000, 'minute']
          : Math.abs(millis) < 172_800_000
            ? [millis / 3_600_000, 'hour']
            : [millis / 86_400_000, 'day'];
  return number(value as number, { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits: 0 });
}

/** The translation function, together with the present language; pages that use it change with it. */
export function useWords() {
  const { t } = useTranslation('words');
  return { t, language: present() as Language };
}
