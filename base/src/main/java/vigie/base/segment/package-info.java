/**
 * Owns durable append-only files: segments of checked records, their sync, torn tails and bounds.
 * Imports nothing.
 */
@NullMarked
package vigie.base.segment;

import org.jspecify.annotations.NullMarked;
