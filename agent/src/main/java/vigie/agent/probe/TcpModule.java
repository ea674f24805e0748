package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.net.Addresses;

/**
 * Connects to {@code HOST:PORT} and, where asked for, waits for an answer.
 *
 * @param send what to write once connected, as it stands; null for nothing
 * @param expect what must then be found in the answer's first 4 KiB; null where a connection is
 *     enough
 */
record TcpModule(@Nullable String send, @Nullable Pattern expect) implements Module {
  static final String PROBER = "tcp";

  /** A connection alone. */
  static final TcpModule CONNECT = new TcpModule(null, null);

  static final List<Measure> MEASURES = List.of(TcpProbe.LOOKUP);
  private static final int MOST_TEXT = 4096;

  static TcpModule read(Section section) {
    String send = section.string("send");
    if (send != null && send.length() > MOST_TEXT) {
      section.fault("send", "send is longer than " + MOST_TEXT + " characters");
    }
    return new TcpModule(send, Patterns.read(section, "expect"));
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    InetSocketAddress address = Addresses.parse(target);
    if (address.getPort() == 0 || target.startsWith(":")) {
      throw new IllegalArgumentException(
          "\"" + target + "\" names no target; write HOST:PORT with a port from 1");
    }
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new TcpProbe(this, Addresses.parse(target), timeout, tools);
  }
}
