/**
 * Owns what is read from this node's logs: the journal, files, syslog, the boot; and the patterns
 * that make events of lines. Imports only {@code event} and {@code reader}.
 */
@NullMarked
package vigie.agent.source;

import org.jspecify.annotations.NullMarked;
