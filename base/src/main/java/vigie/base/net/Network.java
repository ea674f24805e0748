package vigie.base.net;

import io.netty.util.NetUtil;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** An address or a block of them, as {@code 192.0.2.7}, {@code 10.0.0.0/8} or {@code ::1}. */
@SuppressWarnings("ArrayRecordComponent") // compared by equals below
public record Network(byte[] address, int bits) {
  /**
   * @throws IllegalArgumentException that quotes the text and says what was expected
   */
  public static Network parse(String text) {
    int slash = text.indexOf('/');
    byte[] address = bytes(slash < 0 ? text : text.substring(0, slash));
    if (address != null) {
      int most = address.length * 8;
      int bits = slash < 0 ? most : bits(text.substring(slash + 1));
      if (bits >= 0 && bits <= most) {
        return new Network(address, bits);
      }
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is no address; write 127.0.0.1, 10.0.0.0/8 or ::1");
  }

  private static int bits(String text) {
    boolean number = !text.isEmpty() && text.length() <= 3;
    return number && text.chars().allMatch(c -> c >= '0' && c <= '9') ? Integer.parseInt(text) : -1;
  }

  /** Whether the address, without a port, is one of these. Looks nothing up. */
  public boolean has(String text) {
    byte[] other = bytes(text);
    if (other == null || other.length != address.length) {
      return false;
    }
    for (int i = 0; i < bits; i++) {
      int mask = 0x80 >> (i % 8);
      if ((other[i / 8] & mask) != (address[i / 8] & mask)) {
        return false;
      }
    }
    return true;
  }

  /** Four bytes also of an IPv4 address in IPv6's clothes; null for no address. */
  private static byte @Nullable [] bytes(String text) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
    if (bytes != null && bytes.length == 16 && isMapped(bytes)) {
      return Arrays.copyOfRange(bytes, 12, 16);
    }
    return bytes;
  }

  private static boolean isMapped(byte[] bytes) {
    for (int i = 0; i < 10; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return bytes[10] == -1 && bytes[11] == -1;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Network n && bits == n.bits && Arrays.equals(address, n.address);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(address) + bits;
  }
}
