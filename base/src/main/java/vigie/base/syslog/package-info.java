/**
 * Owns syslog messages: RFC 5424 written, RFC 5424 and RFC 3164 read, streams cut into records.
 * Imports nothing of ours; sits on Netty's buffers.
 */
@NullMarked
package vigie.base.syslog;

import org.jspecify.annotations.NullMarked;
