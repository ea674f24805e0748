/** Owns event loops: Netty's threads and which transport they use. Imports nothing of ours. */
@NullMarked
package vigie.base.net;

import org.jspecify.annotations.NullMarked;
