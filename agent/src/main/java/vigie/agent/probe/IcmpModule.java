package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.time.Duration;
import vigie.base.config.Section;

/**
 * Sends an echo request and waits for the reply, with the keys of blackbox_exporter's icmp module.
 *
 * @param payloadBytes what the packet carries
 * @param ttl how many routers it may pass
 */
record IcmpModule(AddressChoice addresses, int payloadBytes, boolean dontFragment, int ttl)
    implements Module {
  static final String PROBER = "icmp";

  /** As blackbox_exporter sends unless told otherwise. */
  private static final int PAYLOAD = 28;

  /** With the defaults. */
  static final IcmpModule PLAIN = new IcmpModule(AddressChoice.ALL.onlyOne(), PAYLOAD, false, 64);

  private static final int MOST_PAYLOAD = 65_507;
  private static final int MOST_NAME = 253;

  static IcmpModule read(Section section) {
    int payload = (int) section.integer("payload_size", 0, 0, MOST_PAYLOAD);
    return new IcmpModule(
        AddressChoice.readWithSource(section).onlyOne(),
        payload == 0 ? PAYLOAD : payload,
        section.bool("dont_fragment", false),
        (int) section.integer("ttl", 64, 1, 255));
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    // It becomes an argument of a program: nothing that could be taken for an option.
    boolean wrong =
        target.isEmpty()
            || target.length() > MOST_NAME
            || target.startsWith("-")
            || target.chars().anyMatch(c -> c <= ' ' || c == '/' || c == '[' || c == 127)
            || (target.indexOf(':') >= 0 && !NetUtil.isValidIpV6Address(target));
    if (wrong) {
      throw new IllegalArgumentException(
          "\"" + target + "\" is not a host; write its name or IP address, without a port");
    }
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new IcmpProbe(this, target, timeout, tools, PingProgram.find());
  }
}
