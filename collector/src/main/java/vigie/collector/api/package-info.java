/**
 * Owns what the three HTTP APIs share: numbers and times as JSON has them. Imports what it answers
 * from.
 */
@NullMarked
package vigie.collector.api;

import org.jspecify.annotations.NullMarked;
