package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.net.Addresses;

/**
 * Looks whether a port is listening, without connecting: the service's log stays clean.
 *
 * @param udp whether it is a UDP port
 * @param exact whether it must listen on that address and no other: one that takes every address
 *     will not do
 * @param maxQueue how many connections may wait to be accepted; null for any
 */
record ListenModule(boolean udp, boolean exact, @Nullable Long maxQueue) implements Module {
  static final String PROBER = "listen";
  static final List<Measure> MEASURES = ListenProbe.MEASURES;
  private static final long MOST_QUEUE = 1 << 20;

  static ListenModule read(Section section) {
    boolean udp = section.bool("udp", false);
    Long maxQueue =
        section.has("max_queue") ? section.integer("max_queue", MOST_QUEUE, 0, MOST_QUEUE) : null;
    if (udp && maxQueue != null) {
      section.fault("max_queue", "max_queue is for TCP: UDP has no connections that wait");
    }
    return new ListenModule(udp, section.bool("exact", false), maxQueue);
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    InetSocketAddress address = Addresses.parse(target);
    boolean literal =
        target.startsWith(":")
            || NetUtil.createInetAddressFromIpAddressString(address.getHostString()) != null;
    if (address.getPort() == 0 || !literal) {
      throw new IllegalArgumentException(
          "\"" + target + "\" is not an address of this host; write :80, 127.0.0.1:80 or [::]:80");
    }
    if (exact && target.startsWith(":")) {
      throw new IllegalArgumentException(
          "\"" + target + "\" is any address, and exact wants one; write 127.0.0.1" + target);
    }
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new ListenProbe(this, target, tools);
  }
}
