/**
 * Owns the way in for samples that are pushed by remote write, its port and limits. Imports {@code
 * sample} and what receivers share.
 */
@NullMarked
package vigie.collector.receive.remotewrite;

import org.jspecify.annotations.NullMarked;
