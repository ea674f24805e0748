package vigie.base.net;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Addresses as people write them: {@code 127.0.0.1:9337}, {@code [::1]:9337}, {@code host:9337},
 * {@code :9337}.
 */
public final class Addresses {
  private Addresses() {}

  /**
   * The address, not resolved. An empty host means every address of this machine, {@code 0.0.0.0}.
   *
   * @throws IllegalArgumentException that quotes the text and says what was expected
   */
  public static InetSocketAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon >= 0) {
      String host = text.substring(0, colon);
      boolean bracketed = host.startsWith("[") && host.endsWith("]");
      if (bracketed) {
        host = host.substring(1, host.length() - 1);
      }
      int port = port(text.substring(colon + 1));
      if (port >= 0
          && (bracketed || host.indexOf(':') < 0)
          && host.indexOf('/') < 0
          && host.indexOf(' ') < 0) {
        return InetSocketAddress.createUnresolved(host.isEmpty() ? "0.0.0.0" : host, port);
      }
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is not an address; write HOST:PORT or [IPV6]:PORT");
  }

  /** {@code host:port}, with brackets where the host holds a colon. */
  public static String format(InetSocketAddress address) {
    InetAddress resolved = address.getAddress();
    String host = resolved == null ? address.getHostString() : format(resolved);
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /** {@code 127.0.0.1}, {@code ::1}, {@code fe80::1%eth0}: IPv6 in its short form, RFC 5952. */
  public static String format(InetAddress address) {
    String whole = address.getHostAddress();
    int scope = whole.indexOf('%');
    return NetUtil.toAddressString(address) + (scope < 0 ? "" : whole.substring(scope));
  }

  /** Whether a host is this machine only: {@code localhost} or a number. Looks nothing up. */
  public static boolean isLoopback(String host) {
    if (host.equalsIgnoreCase("localhost")) {
      return true;
    }
    InetAddress number = NetUtil.createInetAddressFromIpAddressString(host);
    return number != null && number.isLoopbackAddress();
  }

  private static int port(String text) {
    if (text.isEmpty() || text.length() > 5) {
      return -1;
    }
    int port = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      port = port * 10 + c - '0';
    }
    return port <= 65535 ? port : -1;
  }
}
