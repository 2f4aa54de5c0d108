import type { Device } from '../devices/search.ts';

/** A person's phones together. */
export interface Phones {
  count: number;
  /** Changes and photos that are still on them. */
  unsent: number;
  lastExchange?: number;
}

export function phonesOf(devices: Device[]): Map<string, Phones> {
  const byPerson = new Map<string, Phones>();
  for (const { person, unsent, last_exchange_at: last } of devices) {
    const phones = byPerson.get(person) ?? { count: 0, unsent: 0 };
    phones.count += 1;
    phones.unsent += unsent.changes + unsent.photos;
    if (last != null) phones.lastExchange = Math.max(phones.lastExchange ?? last, last);
    byPerson.set(person, phones);
  }
  return byPerson;
}
