/** The items of all pages that were fetched of a list, as one list. It stays the same one until another page comes. */
export const allItems = <T>({ pages }: { pages: { items: T[] }[] }): T[] => pages.flatMap(({ items }) => items);
