/**
 * Owns samples that go to other stores and come from them: remote write out with its queue on the
 * disk, and remote read. Imports {@code label} and {@code sample}.
 */
@NullMarked
package vigie.collector.remote;

import org.jspecify.annotations.NullMarked;
