package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;

/**
 * Which one of a name's addresses a run uses, by blackbox_exporter's keys {@code
 * preferred_ip_protocol}, {@code ip_protocol_fallback} and {@code source_ip_address}.
 *
 * @param ip6First whether an IPv6 address is preferred, as by default
 * @param fallback whether one of the other family will do
 * @param source the address of this host to send from; null for the kernel's choice
 */
record IpChoice(boolean ip6First, boolean fallback, @Nullable InetAddress source) {
  static IpChoice read(Section section) {
    String preferred = section.string("preferred_ip_protocol", "ip6");
    if (!preferred.equals("ip4") && !preferred.equals("ip6")) {
      section.fault(
          "preferred_ip_protocol", "preferred_ip_protocol \"" + preferred + "\" is not ip4 or ip6");
    }
    String text = section.string("source_ip_address", "");
    InetAddress source = text.isEmpty() ? null : NetUtil.createInetAddressFromIpAddressString(text);
    if (!text.isEmpty() && source == null) {
      section.fault("source_ip_address", "source_ip_address \"" + text + "\" is no IP address");
    }
    return new IpChoice(
        !preferred.equals("ip4"), section.bool("ip_protocol_fallback", true), source);
  }

  /** The first address of the preferred family, or else of the other; null where none will do. */
  @Nullable InetAddress of(InetAddress[] addresses) {
    for (InetAddress address : addresses) {
      if (address instanceof Inet4Address != ip6First) {
        return address;
      }
    }
    return fallback && addresses.length > 0 ? addresses[0] : null;
  }

  /** {@code IPv6}, the family that is preferred. */
  String family() {
    return ip6First ? "IPv6" : "IPv4";
  }
}
