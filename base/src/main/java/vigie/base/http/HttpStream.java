package vigie.base.http;

/** An answer that goes on. Safe for all threads; nothing blocks. */
public interface HttpStream {
  /**
   * Sends some more.
   *
   * @return false if nothing was sent: the peer is gone, or so slow that 64 KiB wait for it
   */
  boolean send(byte[] more);

  /** Whether the peer is still there. */
  boolean isOpen();

  /** Ends the answer and the connection. */
  void close();
}
