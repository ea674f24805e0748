package vigie.collector.receive;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.net.Addresses;
import vigie.base.net.ClientTls;

/**
 * {@code syslog_routes:} what happens to foreign syslog. As in syslogd every line is looked at, in
 * order: {@code store} and {@code forward} each do that once; {@code drop} ends it, so that no
 * later line sees the record. What no line stores or drops is stored: a list of forwards loses
 * nothing.
 */
public final class SyslogRoutes {
  private static final int PRIS = 192;

  /** Stores everything. */
  public static final SyslogRoutes STORE_ALL = new SyslogRoutes(List.of());

  /** What a line does with the records that it is for. */
  enum Action {
    STORE,
    FORWARD,
    DROP
  }

  /**
   * Another receiver of syslog.
   *
   * @param udp by datagrams; else by TCP, octet counted
   * @param tls how TLS is spoken with it; null where it is not
   */
  public record Target(InetSocketAddress address, boolean udp, @Nullable ClientTls tls) {
    private static final String TCP = "syslog://";
    private static final String UDP = "syslog+udp://";
    private static final String TLS = "syslog+tls://";

    static Target parse(String text, ClientTls tls) {
      for (String scheme : List.of(TCP, UDP, TLS)) {
        if (text.startsWith(scheme)) {
          return new Target(
              Addresses.parse(text.substring(scheme.length())),
              scheme.equals(UDP),
              scheme.equals(TLS) ? tls : null);
        }
      }
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is no target; write syslog+tls://HOST:PORT, syslog://HOST:PORT or"
              + " syslog+udp://HOST:PORT");
    }

    /**
     * The handler of one connection; reads files.
     *
     * @throws IOException that names the file that cannot be used
     */
    @Nullable SslHandler handler() throws IOException {
      return tls == null
          ? null
          : tls.handler(ByteBufAllocator.DEFAULT, address.getHostString(), address.getPort());
    }

    @Override
    public String toString() {
      return (udp ? UDP : tls != null ? TLS : TCP) + Addresses.format(address);
    }
  }

  private record Line(Selector selector, Action action, @Nullable Target target) {}

  private final Set<Target> targets = new LinkedHashSet<>();
  private final boolean[] stored = new boolean[PRIS];
  private final List<List<Target>> forwarded = new ArrayList<>(PRIS);

  private SyslogRoutes(List<Line> lines) {
    for (Line line : lines) {
      if (line.target != null) {
        targets.add(line.target);
      }
    }
    for (int pri = 0; pri < PRIS; pri++) {
      boolean store = false;
      boolean dropped = false;
      Set<Target> to = new LinkedHashSet<>();
      for (Line line : lines) {
        if (!line.selector.matches(pri)) {
          continue;
        }
        if (line.action == Action.DROP) {
          dropped = true;
          break;
        }
        store |= line.action == Action.STORE;
        if (line.target != null) {
          to.add(line.target);
        }
      }
      stored[pri] = store || !dropped;
      forwarded.add(List.copyOf(to));
    }
  }

  /** Reads the list; what can never work is warned of. */
  public static SyslogRoutes read(Section top) {
    List<Line> lines = new ArrayList<>();
    boolean[] gone = new boolean[PRIS];
    for (Section section : top.sections("syslog_routes")) {
      Line line = line(section);
      if (line == null) {
        continue;
      }
      boolean reached = false;
      for (int pri = 0; pri < PRIS; pri++) {
        boolean matches = line.selector.matches(pri);
        reached |= matches && !gone[pri];
        gone[pri] |= matches && line.action == Action.DROP;
      }
      if (line.selector.isEmpty()) {
        section.warn("selector", "selector matches nothing");
      } else if (!reached) {
        section.warn("selector", "nothing reaches this route: those before it drop all it is for");
      }
      lines.add(line);
    }
    return new SyslogRoutes(lines);
  }

  private static @Nullable Line line(Section section) {
    String selector = section.requiredString("selector");
    String does = section.requiredString("to");
    String target = section.string("target", "");
    boolean secured = section.has("tls_config");
    ClientTls tls = ClientTls.read(section.section("tls_config"));
    section.end();
    Action action =
        switch (does) {
          case "store" -> Action.STORE;
          case "forward" -> Action.FORWARD;
          case "drop" -> Action.DROP;
          default -> null;
        };
    if (action == null) {
      section.fault("to", "to \"" + does + "\" must be store, forward or drop");
      return null;
    }
    if ((action == Action.FORWARD) == target.isEmpty()) {
      section.fault(
          "target",
          target.isEmpty()
              ? "target is missing: where to forward? write target: syslog://HOST:PORT"
              : "target goes with to: forward only");
      return null;
    }
    String key = "selector";
    try {
      Selector parsed = Selector.parse(selector);
      key = "target";
      Target to = target.isEmpty() ? null : Target.parse(target, tls);
      if (secured && (to == null || to.tls == null)) {
        section.fault("tls_config", "tls_config goes with a target of syslog+tls:// only");
      } else if (to != null) {
        key = "tls_config";
        to.handler(); // reads the files
      }
      return new Line(parsed, action, to);
    } catch (IllegalArgumentException | IOException e) {
      section.fault(key, key + ": " + e.getMessage());
      return null;
    }
  }

  /** All targets that records are forwarded to. */
  public Set<Target> targets() {
    return targets;
  }

  /** Whether records of this PRI, 0 to 191, are stored. */
  public boolean stores(int pri) {
    return stored[pri];
  }

  /** Where records of this PRI, 0 to 191, are forwarded to. */
  public List<Target> forwards(int pri) {
    return forwarded.get(pri);
  }
}
