/**
 * Owns event loops, Netty's threads and which transport they use, and how addresses and who holds
 * them are told. Imports nothing of ours.
 */
@NullMarked
package vigie.base.net;

import org.jspecify.annotations.NullMarked;
