/**
 * Owns the wire form of Prometheus remote write: protobuf messages of version 1.0 and 2.0 and the
 * raw snappy around them, written and read within bounds. Imports nothing of ours.
 */
@NullMarked
package vigie.base.remotewrite;

import org.jspecify.annotations.NullMarked;
