package vigie.agent.ship;

import io.netty.channel.ChannelHandler;

/** A connection over which events go, from its begin to its end. Owned by the event loop. */
interface Session extends ChannelHandler {
  /** The channel is connected, TLS and all. */
  void begin();

  /** The spool has more, or there is room again. */
  void pump();

  /** Sends a record that is in no spool if it has room; not again. */
  void tell(byte[] record);

  /** Sends what is left, then leaves. */
  void finish();

  /** Waits for what is on its way, then leaves; the rest goes another way. */
  void leave();

  /**
   * Ends at once, which {@link Ship} is told; a second time nothing happens.
   *
   * @param reason for the meter; {@code ""} if it was meant to end
   */
  void end(String reason, String cause);
}
