package vigie.collector.web;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.net.Network;

/**
 * {@code web:} of the collector: who may do what, whose word is taken for who somebody is, and how
 * long a session lasts. docs/page.md says it to operators.
 *
 * @param operators who may change something; where nobody is named, all who signed in by {@code
 *     web_config_file} and are no viewers
 * @param viewers who may only look
 * @param userHeader the header with the user's name, in lower case; {@code ""} for none
 * @param roleHeader the header that says {@code viewer} or {@code operator}, in lower case; {@code
 *     ""} for none
 * @param proxies where these headers are believed from; empty for nowhere
 * @param idle a session ends when nothing was asked for this long
 * @param end and after this in any case
 */
public record WebSettings(
    Set<String> operators,
    Set<String> viewers,
    String userHeader,
    String roleHeader,
    List<Network> proxies,
    Duration idle,
    Duration end) {
  private static final Duration MOST = Duration.ofDays(365);
  private static final int MOST_NAMES = 1000;
  private static final int MOST_PROXIES = 100;

  public WebSettings {
    operators = Set.copyOf(operators);
    viewers = Set.copyOf(viewers);
    proxies = List.copyOf(proxies);
  }

  /** Reads the section, unknown keys included. */
  public static WebSettings read(Section section) {
    Set<String> operators = names(section, "operators");
    Set<String> viewers = names(section, "viewers");
    for (String both : operators) {
      if (viewers.contains(both)) {
        section.fault("viewers", "user \"" + both + "\" is in operators and in viewers; say which");
      }
    }
    Section proxy = section.section("proxy");
    String user = header(proxy, "user_header");
    String role = header(proxy, "role_header");
    List<Network> from = networks(proxy);
    proxy.end();
    if (from.isEmpty() && !(user + role).isEmpty()) {
      proxy.fault(
          user.isEmpty() ? "role_header" : "user_header",
          "proxy needs \"from\", the addresses whose headers are believed: from: [127.0.0.1]");
    } else if (!from.isEmpty() && user.isEmpty()) {
      proxy.fault(
          "from", "proxy needs \"user_header\", the header with the user's name: X-Remote-User");
    }
    Duration idle =
        section.duration("session_idle", Duration.ofHours(12), Duration.ofMinutes(1), MOST);
    Duration end = section.duration("session_end", Duration.ofDays(7), Duration.ofMinutes(1), MOST);
    section.end();
    return new WebSettings(operators, viewers, user, role, from, idle, end);
  }

  /** Whether headers from that address are believed. */
  boolean believes(String address) {
    for (Network network : proxies) {
      if (network.has(address)) {
        return true;
      }
    }
    return false;
  }

  private static Set<String> names(Section section, String key) {
    List<String> names = section.strings(key);
    if (names.size() > MOST_NAMES) {
      section.fault(key, "more than " + MOST_NAMES + " names in " + key);
    }
    return Set.copyOf(names);
  }

  private static String header(Section section, String key) {
    String name = section.string(key, "");
    boolean token = name.chars().allMatch(c -> Character.isLetterOrDigit(c) && c < 128 || c == '-');
    if (!token) {
      section.fault(key, key + " \"" + name + "\" is no name of a header; write X-Remote-User");
    }
    return name.toLowerCase(Locale.ROOT);
  }

  private static List<Network> networks(Section section) {
    List<Network> all = new ArrayList<>();
    for (Value value : section.list("from")) {
      String text = value.string();
      if (text == null) {
        continue;
      }
      try {
        all.add(Network.parse(text));
      } catch (IllegalArgumentException e) {
        value.fault(String.valueOf(e.getMessage()));
      }
    }
    if (all.size() > MOST_PROXIES) {
      section.fault("from", "more than " + MOST_PROXIES + " addresses");
    }
    return all;
  }
}
