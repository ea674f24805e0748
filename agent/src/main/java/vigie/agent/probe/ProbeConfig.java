package vigie.agent.probe;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Position;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.net.Addresses;
import vigie.base.time.Durations;

/**
 * One TCP probe as configured.
 *
 * @param name unique in the agent; the label {@code probe}
 * @param target where to connect, not resolved
 * @param every from the start of one run to that of the next
 * @param timeout for a whole run, name lookup included
 * @param send what to write once connected, as it stands; null for nothing
 * @param expect what must then be found in the answer's first 4 KiB; null where a connection is
 *     enough
 */
public record ProbeConfig(
    String name,
    InetSocketAddress target,
    Duration every,
    Duration timeout,
    @Nullable String send,
    @Nullable Pattern expect) {
  public static final Duration EVERY = Duration.ofSeconds(5);
  public static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final String SCHEME = "tcp://";
  private static final int MOST_PROBES = 10_000;
  private static final int MOST_NAME = 128;
  private static final int MOST_TEXT = 4096;

  /** {@code HOST:PORT} as in labels and texts. */
  public String address() {
    return Addresses.format(target);
  }

  /** A probe of a connection alone, with the defaults. */
  public static ProbeConfig tcp(String name, InetSocketAddress target) {
    return new ProbeConfig(name, target, EVERY, TIMEOUT, null, null);
  }

  /**
   * A probe as a command line gives it.
   *
   * @param url {@code tcp://HOST:PORT}, also the name
   * @throws IllegalArgumentException that says what is wrong and what was expected
   */
  public static ProbeConfig parse(
      String url, Duration timeout, @Nullable String send, @Nullable String expect) {
    if (!url.startsWith(SCHEME)) {
      throw new IllegalArgumentException(
          "URL \"" + url + "\" is not one this agent can probe; write tcp://HOST:PORT");
    }
    InetSocketAddress target = Addresses.parse(url.substring(SCHEME.length()));
    try {
      Pattern pattern = expect == null ? null : Pattern.compile(expect);
      return new ProbeConfig(url, target, EVERY, timeout, send, pattern);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(notAnExpression(String.valueOf(expect), e), e);
    }
  }

  /** Reads the list {@code probes}; faults go to the section's. */
  public static List<ProbeConfig> readAll(Section agent) {
    List<ProbeConfig> all = new ArrayList<>();
    Map<String, Position> names = new LinkedHashMap<>();
    for (Section section : agent.sections("probes")) {
      ProbeConfig probe = read(section, names);
      if (probe != null) {
        all.add(probe);
      }
    }
    if (all.size() > MOST_PROBES) {
      agent.fault("probes", "more than " + MOST_PROBES + " probes; spread them over more agents");
    }
    return List.copyOf(all);
  }

  private static @Nullable ProbeConfig read(Section section, Map<String, Position> names) {
    String name = section.requiredString("name");
    Value nameValue = section.value("name");
    if (nameValue != null) {
      checkName(name, nameValue, names);
    }
    InetSocketAddress target = target(section);
    Duration every = section.duration("every", EVERY, Duration.ofMillis(100), Duration.ofDays(1));
    Duration timeout =
        section.duration("timeout", TIMEOUT, Duration.ofMillis(10), Duration.ofMinutes(1));
    if (timeout.compareTo(every) > 0) {
      section.warn(
          section.has("timeout") ? "timeout" : "every",
          "timeout "
              + Durations.format(timeout)
              + " is longer than every "
              + Durations.format(every)
              + ": while a run waits for its timeout, turns are skipped");
    }
    String send = section.string("send");
    if (send != null && send.length() > MOST_TEXT) {
      section.fault("send", "send is longer than " + MOST_TEXT + " characters");
    }
    Pattern expect = expect(section);
    section.end();
    return target == null ? null : new ProbeConfig(name, target, every, timeout, send, expect);
  }

  private static void checkName(String name, Value at, Map<String, Position> names) {
    if (name.isEmpty() || name.length() > MOST_NAME || name.chars().anyMatch(c -> c < ' ')) {
      at.fault("name must be 1 to " + MOST_NAME + " characters without control characters");
      return;
    }
    Position first = names.putIfAbsent(name, at.position());
    if (first != null) {
      at.fault("probe \"" + name + "\" stands here twice; the first is at " + first);
    }
  }

  private static @Nullable InetSocketAddress target(Section section) {
    Value value = section.value("tcp");
    if (value == null) {
      section.fault("a probe needs tcp: HOST:PORT");
      return null;
    }
    String text = value.string();
    if (text == null) {
      return null;
    }
    try {
      InetSocketAddress target = Addresses.parse(text);
      if (target.getPort() != 0 && !text.startsWith(":")) {
        return target;
      }
      value.fault("tcp \"" + text + "\" names no target; write HOST:PORT with a port from 1");
    } catch (IllegalArgumentException e) {
      value.fault("tcp " + e.getMessage());
    }
    return null;
  }

  private static @Nullable Pattern expect(Section section) {
    Value value = section.value("expect");
    String text = value == null ? null : value.string();
    if (value == null || text == null) {
      return null;
    }
    if (text.length() > MOST_TEXT) {
      value.fault("expect is longer than " + MOST_TEXT + " characters");
      return null;
    }
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      value.fault(notAnExpression(text, e));
      return null;
    }
  }

  private static String notAnExpression(String text, PatternSyntaxException e) {
    return "expect \""
        + text
        + "\" is not a regular expression (RE2): "
        + e.getDescription()
        + (e.getPattern().equals(text) ? "" : " at \"" + e.getPattern() + "\"");
  }
}
