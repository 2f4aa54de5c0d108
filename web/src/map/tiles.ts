import type { Datum } from './place.ts';

export interface Tiles {
  /** With `{z}`, `{x}` and `{y}`. */
  url: string;
  /** Whom to name for them. */
  attribution: string;
  /** The coordinate system in which they are drawn. */
  datum: Datum;
}

/** What the server says about tiles (`console.tiles` in its configuration), or undefined without any. */
export function readTiles(content: string | undefined): Tiles | undefined {
  try {
    const { url, attribution, datum } = JSON.parse(content ?? '') as Partial<Tiles>;
    if (typeof url !== 'string' || url === '') return undefined;
    return { url, attribution: attribution ?? '', datum: datum === 'gcj02' ? 'gcj02' : 'wgs84' };
  } catch {
    return undefined;
  }
}

export const tiles =
  typeof document === 'undefined'
    ? undefined
    : readTiles(document.querySelector<HTMLMetaElement>('meta[name="daybook-map"]')?.content);
