/**
 * Owns events as they travel: the event, its sink, de-duplication, the store's interface, events as
 * series. Imports {@code label} and {@code sample}.
 */
@NullMarked
package vigie.collector.event;

import org.jspecify.annotations.NullMarked;
