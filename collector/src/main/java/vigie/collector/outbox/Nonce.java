package vigie.collector.outbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names for attempts: 24 hexadecimal digits that stay the same over restarts. */
final class Nonce {
  private Nonce() {}

  static String of(String what) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(what.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("BUG: every JDK has SHA-256", e);
    }
  }
}
