/** Owns the listeners for syslog: UDP, TCP, TLS. Imports {@code receive} and {@code event}. */
@NullMarked
package vigie.collector.receive.syslog;

import org.jspecify.annotations.NullMarked;
