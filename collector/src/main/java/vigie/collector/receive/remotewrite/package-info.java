/**
 * Owns the way in for samples that are pushed by remote write, its port and limits. Imports {@code
 * sample}.
 */
@NullMarked
package vigie.collector.receive.remotewrite;

import org.jspecify.annotations.NullMarked;
