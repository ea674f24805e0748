/** Owns syslog messages: RFC 5424 written, RFC 5424 and RFC 3164 read. Imports nothing. */
@NullMarked
package vigie.base.syslog;

import org.jspecify.annotations.NullMarked;
