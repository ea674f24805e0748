package vigie.agent.ship;

import java.net.InetSocketAddress;
import vigie.base.net.Addresses;

/**
 * Where events go: a collector, or any receiver of syslog.
 *
 * @param relp RELP, which answers; else records of RFC 5424 with their lengths before them (RFC
 *     6587, with TLS RFC 5425), which nobody answers
 * @param tls whether it is spoken inside of TLS
 * @param address not resolved: the name is looked up at each connect
 */
public record Target(boolean relp, boolean tls, InetSocketAddress address) {
  /**
   * Reads {@code relp://HOST:PORT} and its like.
   *
   * @throws IllegalArgumentException that quotes the text and says what was expected
   */
  public static Target parse(String text) {
    int end = text.indexOf("://");
    String scheme = end < 0 ? "" : text.substring(0, end);
    boolean tls = scheme.endsWith("+tls");
    String protocol = tls ? scheme.substring(0, end - "+tls".length()) : scheme;
    try {
      if (protocol.equals("relp") || protocol.equals("syslog")) {
        InetSocketAddress address = Addresses.parse(text.substring(end + "://".length()));
        if (address.getPort() > 0) {
          return new Target(protocol.equals("relp"), tls, address);
        }
      }
    } catch (IllegalArgumentException noAddress) {
      throw new IllegalArgumentException(refusal(text), noAddress);
    }
    throw new IllegalArgumentException(refusal(text));
  }

  private static String refusal(String text) {
    return "\""
        + text
        + "\" is not a collector; write relp+tls://HOST:PORT, relp://HOST:PORT,"
        + " syslog+tls://HOST:PORT or syslog://HOST:PORT";
  }

  @Override
  public String toString() {
    return (relp ? "relp" : "syslog") + (tls ? "+tls://" : "://") + Addresses.format(address);
  }
}
