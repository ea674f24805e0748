/**
 * Owns what all receivers of records share: limits, turns among sources, who may connect and speak
 * for whom, records made into events, routes of foreign syslog. Imports {@code event}.
 */
@NullMarked
package vigie.collector.receive;

import org.jspecify.annotations.NullMarked;
