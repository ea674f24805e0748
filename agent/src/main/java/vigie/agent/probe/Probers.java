package vigie.agent.probe;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;

/** The list of probers: a new kind of probe is a line here. */
public final class Probers {
  static final List<Prober> ALL =
      List.of(
          new Prober(TcpModule.PROBER, "HOST:PORT", "tcp://", TcpModule::read, TcpModule.MEASURES),
          new Prober(
              DnsModule.PROBER, "SERVER[:PORT]", "dns://", DnsModule::read, DnsProbe.MEASURES),
          new Prober(UnixModule.PROBER, "/PATH", "unix://", UnixModule::read, UnixModule.MEASURES),
          new Prober(IcmpModule.PROBER, "HOST", "icmp://", IcmpModule::read, IcmpProbe.MEASURES),
          new Prober(ExecModule.PROBER, "PROGRAM", "exec://", ExecModule::read, ExecProbe.MEASURES),
          new Prober(
              FileModule.PROBER, "PATTERN", "file://", FileModule::read, FileModule.MEASURES),
          new Prober(
              ProcessModule.PROBER,
              "NAME",
              "process://",
              ProcessModule::read,
              ProcessModule.MEASURES),
          new Prober(
              ListenModule.PROBER,
              "[ADDRESS]:PORT",
              "listen://",
              ListenModule::read,
              ListenModule.MEASURES),
          new Prober(UnitModule.PROBER, "NAME", "unit://", UnitModule::read, UnitModule.MEASURES),
          new Prober(TlsModule.PROBER, "HOST:PORT", "tls://", TlsModule::read, TlsModule.MEASURES),
          new Prober(
              HttpModule.PROBER,
              "http(s)://HOST/PATH",
              "http",
              HttpModule::read,
              HttpModule.MEASURES));

  private Probers() {}

  /**
   * A kind of probe.
   *
   * @param name its key in the configuration
   * @param target what a target looks like, for messages
   * @param scheme what a target begins with in {@code agent probe}; without {@code ://} where the
   *     target is itself a URL
   * @param read takes the keys that it knows from a section; the caller ends it
   * @param measures what its runs may give
   */
  record Prober(
      String name,
      String target,
      String scheme,
      Function<Section, Module> read,
      List<Measure> measures) {
    boolean isUrl() {
      return !scheme.endsWith("://");
    }

    /** How it is written in {@code agent probe}. */
    String url() {
      return isUrl() ? target : scheme + target;
    }

    /** How it is written in the configuration. */
    String example() {
      return name + ": " + target;
    }
  }

  /** All measures, each once. */
  public static List<Measure> measures() {
    Set<Measure> all = new LinkedHashSet<>();
    ALL.forEach(prober -> all.addAll(prober.measures));
    return List.copyOf(all);
  }

  static @Nullable Prober named(String name) {
    for (Prober prober : ALL) {
      if (prober.name.equals(name)) {
        return prober;
      }
    }
    return null;
  }

  /** The names of all probers. */
  public static List<String> names() {
    return ALL.stream().map(Prober::name).toList();
  }

  /** {@code tcp: HOST:PORT or http: URL}, for messages. */
  static String examples() {
    List<String> all = new ArrayList<>();
    ALL.forEach(prober -> all.add(prober.example()));
    return String.join(" or ", all);
  }
}
