/**
 * Owns the client commands: they ask a running collector over HTTP and print. Imports {@code rule}
 * for checks that need no server.
 */
@NullMarked
package vigie.collector.cli;

import org.jspecify.annotations.NullMarked;
