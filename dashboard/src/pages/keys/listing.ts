/** The names found so far under a prefix. */
export interface Listing {
  names: readonly string[];
  /** The same names; shared by the listings that grow out of each other. */
  seen: Set<string>;
  /** Where to go on; undefined before the first page, null at the end. */
  cursor: string | null | undefined;
}

/** A listing before its first page. */
export function emptyListing(): Listing {
  return { names: [], seen: new Set(), cursor: undefined };
}

/**
 * The listing with a further page, whose names may repeat earlier ones. What fits one page is sorted; more keeps the
 * store's order, for a name may not move while someone reads.
 */
export function appendPage(listing: Listing, page: { keys: readonly string[]; next_cursor: string | null }): Listing {
  const fresh = page.keys.filter((name) => !listing.seen.has(name) && listing.seen.add(name));
  const whole = listing.cursor === undefined && page.next_cursor === null;
  const names = listing.names.concat(whole ? fresh.sort() : fresh);
  return { names, seen: listing.seen, cursor: page.next_cursor };
}

/** The listing with a name that was just written, in front of the others. */
export function withName(listing: Listing, name: string): Listing {
  if (listing.seen.has(name)) return listing;
  listing.seen.add(name);
  return { ...listing, names: [name, ...listing.names] };
}

/** The listing without a name that is gone. */
export function withoutName(listing: Listing, name: string): Listing {
  if (!listing.seen.delete(name)) return listing;
  return { ...listing, names: listing.names.filter((other) => other !== name) };
}
