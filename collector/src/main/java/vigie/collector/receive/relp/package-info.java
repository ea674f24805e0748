/**
 * Owns the RELP port: sessions of agents and of rsyslog, whose records are answered once they are
 * durable. Imports {@code event}.
 */
@NullMarked
package vigie.collector.receive.relp;

import org.jspecify.annotations.NullMarked;
