/**
 * Owns RELP's frames, offers and limits, for both ends of a session. Imports nothing of ours; sits
 * on Netty's buffers.
 */
@NullMarked
package vigie.base.relp;

import org.jspecify.annotations.NullMarked;
