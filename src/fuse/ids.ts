/** The two kinds of number that travel in every header, kept apart by type. */

declare const brand: unique symbol;

/**
 * Names an inode towards the kernel; it is the engine's inode id, 1 for the root and never used twice, which
 * is why one generation serves all of a mount. An answer that carries one adds a lookup, which only FORGET takes back.
 */
export type NodeId = number & { readonly [brand]: "NodeId" };

/** Names a request until it is answered. Below 2^53: the kernel counts requests up by twos from 2. */
export type Unique = number & { readonly [brand]: "Unique" };
