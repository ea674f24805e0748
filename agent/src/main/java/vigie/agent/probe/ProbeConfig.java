package vigie.agent.probe;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Probers.Prober;
import vigie.base.config.Nearest;
import vigie.base.config.Position;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.time.Durations;

/**
 * One probe as configured.
 *
 * @param name unique in the agent; the label {@code probe}
 * @param target what is probed, as its prober writes it; the label {@code target}
 * @param every from the start of one run to that of the next
 * @param timeout for a whole run, name lookup included
 */
public record ProbeConfig(
    String name, Module module, String target, Duration every, Duration timeout, Damping damping) {
  private static final int MOST_PROBES = 10_000;
  private static final int MOST_NAME = 128;
  private static final int MOST_TARGET = 2048;

  /** The neighbour that it looks at, {@code ""} where it is no probe of {@code peers:}. */
  String peer() {
    return name.startsWith(Peers.PREFIX) ? name.substring(Peers.PREFIX.length()) : "";
  }

  /** A probe of a TCP connection alone, with the defaults. */
  public static ProbeConfig tcp(String name, String target) {
    return of(name, TcpModule.CONNECT, target);
  }

  /** A probe with the defaults of its module. */
  static ProbeConfig of(String name, Module module, String target) {
    return new ProbeConfig(name, module, target, module.every(), module.timeout(), Damping.NONE);
  }

  /**
   * A probe of a target by a module of the configuration.
   *
   * @param url the target with or without its scheme, also the name
   * @throws IllegalArgumentException if it is not one for the module
   */
  public static ProbeConfig by(Modules.Named named, String url) {
    Module module = named.module();
    Prober prober = Probers.named(module.prober());
    String target =
        prober != null && url.startsWith(prober.scheme())
            ? url.substring(prober.scheme().length())
            : url;
    module.checkTarget(target);
    Duration own = named.timeout();
    return new ProbeConfig(
        url, module, target, module.every(), own == null ? module.timeout() : own, Damping.NONE);
  }

  /** The same probe with another timeout. */
  public ProbeConfig within(Duration other) {
    return new ProbeConfig(name, module, target, every, other, damping);
  }

  /**
   * A probe as a command line gives it.
   *
   * @param url such as {@code tcp://HOST:PORT}, also the name
   * @param settings the keys of its module; a key that it does not know is a fault of the section
   * @throws IllegalArgumentException that says what is wrong and what was expected
   */
  public static ProbeConfig parse(String url, Section settings) {
    for (Prober prober : Probers.ALL) {
      if (url.startsWith(prober.scheme())) {
        Module module = prober.read().apply(settings);
        settings.end();
        String target = prober.isUrl() ? url : url.substring(prober.scheme().length());
        module.checkTarget(target);
        return new ProbeConfig(url, module, target, module.every(), module.timeout(), Damping.NONE);
      }
    }
    List<String> known = new ArrayList<>();
    Probers.ALL.forEach(prober -> known.add(prober.url()));
    throw new IllegalArgumentException(
        "URL \"" + url + "\" is not one this agent can probe; write " + String.join(" or ", known));
  }

  /**
   * Reads the list {@code probes}; faults go to the section's.
   *
   * @param modules what {@code module:} may name
   */
  public static List<ProbeConfig> readAll(Section agent, Map<String, Modules.Named> modules) {
    List<ProbeConfig> all = new ArrayList<>();
    Map<String, Position> names = new LinkedHashMap<>();
    for (Section section : agent.sections("probes")) {
      ProbeConfig probe = read(section, modules, names);
      if (probe != null) {
        all.add(probe);
      }
    }
    if (all.size() > MOST_PROBES) {
      agent.fault("probes", "more than " + MOST_PROBES + " probes; spread them over more agents");
    }
    return List.copyOf(all);
  }

  private static @Nullable ProbeConfig read(
      Section section, Map<String, Modules.Named> modules, Map<String, Position> names) {
    String name = section.requiredString("name");
    Value nameValue = section.value("name");
    if (nameValue != null) {
      checkName(name, nameValue, names);
    }
    Prober prober = prober(section);
    if (prober == null) {
      return null;
    }
    Modules.Named named = section.has("module") ? named(section, prober, modules) : null;
    Module module = named == null ? prober.read().apply(section) : named.module();
    String target = target(section, prober, module);
    Duration ofModule = named == null ? null : named.timeout();
    Duration every =
        section.duration("every", module.every(), Duration.ofMillis(100), Duration.ofDays(1));
    Duration timeout =
        section.duration(
            "timeout",
            ofModule == null ? module.timeout() : ofModule,
            Duration.ofMillis(10),
            Duration.ofMinutes(1));
    if (timeout.compareTo(every) > 0) {
      section.warn(
          section.has("timeout") ? "timeout" : "every",
          "timeout "
              + Durations.format(timeout)
              + " is longer than every "
              + Durations.format(every)
              + ": while a run waits for its timeout, turns are skipped");
    }
    Damping damping = Damping.read(section);
    section.end();
    return target == null ? null : new ProbeConfig(name, module, target, every, timeout, damping);
  }

  /** The one whose key stands in the section. */
  private static @Nullable Prober prober(Section section) {
    Prober found = null;
    for (Prober prober : Probers.ALL) {
      if (!isTarget(section, prober)) {
        continue;
      }
      if (found != null) {
        section.fault(
            prober.name(),
            "a probe has one target, here are "
                + found.name()
                + " and "
                + prober.name()
                + "; make two probes of them");
        return null;
      }
      found = prober;
    }
    if (found == null) {
      section.fault("a probe needs " + Probers.examples());
    }
    return found;
  }

  /** {@code tls: true} beside {@code tcp: HOST:PORT} is a setting of that probe. */
  private static boolean isTarget(Section section, Prober prober) {
    Value value = section.has(prober.name()) ? section.value(prober.name()) : null;
    String text = value == null ? null : value.string();
    return text != null && !text.equals("true") && !text.equals("false");
  }

  private static Modules.@Nullable Named named(
      Section section, Prober prober, Map<String, Modules.Named> modules) {
    String name = section.string("module", "");
    Modules.Named named = modules.get(name);
    if (named == null) {
      String nearest = Nearest.of(name, modules.keySet());
      section.fault(
          "module",
          "module \""
              + name
              + "\" is not under modules"
              + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?"));
      return null;
    }
    if (!named.module().prober().equals(prober.name())) {
      section.fault(
          "module",
          "module \""
              + name
              + "\" is for "
              + named.module().prober()
              + ", and this is a probe by "
              + prober.name());
    }
    return named;
  }

  private static void checkName(String name, Value at, Map<String, Position> names) {
    if (name.isEmpty() || name.length() > MOST_NAME || name.chars().anyMatch(c -> c < ' ')) {
      at.fault("name must be 1 to " + MOST_NAME + " characters without control characters");
      return;
    }
    if (name.startsWith(Peers.PREFIX)) {
      at.fault("a name that begins with " + Peers.PREFIX + " is for peers:; choose another");
      return;
    }
    Position first = names.putIfAbsent(name, at.position());
    if (first != null) {
      at.fault("probe \"" + name + "\" stands here twice; the first is at " + first);
    }
  }

  private static @Nullable String target(Section section, Prober prober, Module module) {
    Value value = section.value(prober.name());
    String text = value == null ? null : value.string();
    if (value == null || text == null) {
      return null;
    }
    if (text.length() > MOST_TARGET || text.chars().anyMatch(c -> c < ' ')) {
      value.fault(
          prober.name()
              + " must be 1 to "
              + MOST_TARGET
              + " characters without control characters");
      return null;
    }
    try {
      module.checkTarget(text);
      return text;
    } catch (IllegalArgumentException e) {
      value.fault(prober.name() + " " + e.getMessage());
      return null;
    }
  }
}
