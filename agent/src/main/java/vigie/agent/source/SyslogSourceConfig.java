package vigie.agent.source;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.net.Addresses;

/**
 * {@code sources.syslog} of {@code agent.yaml}.
 *
 * @param listen where syslog daemons of this node send to, by UDP and TCP; null for nowhere
 */
public record SyslogSourceConfig(@Nullable InetSocketAddress listen) {
  /** Reads the key {@code syslog} of {@code sources}. */
  public static SyslogSourceConfig read(Section sources) {
    Value value = sources.value("syslog");
    if (value == null) {
      return new SyslogSourceConfig(null);
    }
    Section section = value.section();
    InetSocketAddress listen = listen(section);
    section.end();
    return new SyslogSourceConfig(listen);
  }

  @SuppressWarnings("AddressSelection") // numbers only: nothing is looked up
  private static @Nullable InetSocketAddress listen(Section section) {
    String text = section.requiredString("listen");
    if (text.isEmpty()) {
      return null;
    }
    try {
      InetSocketAddress address = Addresses.parse(text);
      String host = address.getHostString();
      if (Addresses.isLoopback(host)) {
        boolean isName = host.equalsIgnoreCase("localhost");
        return new InetSocketAddress(isName ? "127.0.0.1" : host, address.getPort());
      }
      section.fault(
          "listen",
          "listen \""
              + text
              + "\" is not on the loopback, and whoever reaches it could write events; write"
              + " 127.0.0.1:5514, and have other machines send to the collector");
    } catch (IllegalArgumentException e) {
      section.fault("listen", "listen " + e.getMessage());
    }
    return null;
  }
}
