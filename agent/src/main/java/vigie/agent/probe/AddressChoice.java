package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;

/**
 * Which of a name's addresses to connect to. By default all of them are tried in turn; with {@code
 * preferred_ip_protocol} or {@code ip_protocol_fallback} it is one, chosen as blackbox_exporter
 * does.
 *
 * @param one whether one address is chosen rather than all tried
 * @param ip6 whether the one is an IPv6 address where there is any
 * @param fallback whether the one may be of the other protocol where there is none
 * @param source the address of this host to connect from; null for the kernel's choice
 */
record AddressChoice(boolean one, boolean ip6, boolean fallback, @Nullable InetAddress source) {
  static final AddressChoice ALL = new AddressChoice(false, true, true, null);

  /** Takes {@code preferred_ip_protocol} and {@code ip_protocol_fallback}. */
  static AddressChoice read(Section section) {
    String preferred = section.string("preferred_ip_protocol");
    boolean one = preferred != null || section.has("ip_protocol_fallback");
    boolean fallback = section.bool("ip_protocol_fallback", true);
    if (preferred != null && !preferred.equals("ip4") && !preferred.equals("ip6")) {
      section.fault(
          "preferred_ip_protocol",
          "preferred_ip_protocol \"" + preferred + "\" is neither ip4 nor ip6");
    }
    return new AddressChoice(one, !"ip4".equals(preferred), fallback, null);
  }

  /** The same with {@code source_ip_address} besides. */
  static AddressChoice readWithSource(Section section) {
    AddressChoice choice = read(section);
    String text = section.string("source_ip_address");
    if (text == null || text.isEmpty()) {
      return choice;
    }
    InetAddress source = NetUtil.createInetAddressFromIpAddressString(text);
    if (source == null) {
      section.fault("source_ip_address", "source_ip_address \"" + text + "\" is no IP address");
    }
    return new AddressChoice(choice.one, choice.ip6, choice.fallback, source);
  }

  /** The same for what tries only one in any case. */
  AddressChoice onlyOne() {
    return new AddressChoice(true, ip6, fallback, source);
  }

  /** Those to try, in order; empty where none will do. */
  InetAddress[] of(InetAddress[] found) {
    if (!one) {
      return source == null ? found : family(found, source instanceof Inet6Address);
    }
    InetAddress[] liked = family(found, ip6);
    InetAddress[] usable = liked.length > 0 || !fallback ? liked : found;
    return usable.length > 1 ? Arrays.copyOf(usable, 1) : usable;
  }

  /** What {@link #of} would have liked to find, for messages. */
  String wanted() {
    boolean six = one ? ip6 : source instanceof Inet6Address;
    return six ? "IPv6" : "IPv4";
  }

  private static InetAddress[] family(InetAddress[] found, boolean six) {
    return Arrays.stream(found)
        .filter(address -> address instanceof Inet6Address == six)
        .toArray(InetAddress[]::new);
  }
}
