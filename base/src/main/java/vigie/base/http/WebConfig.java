package vigie.base.http;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.base.net.ServerTls;

/**
 * A {@code web.config} file in the format of Prometheus's exporter-toolkit: who may talk to an HTTP
 * server, and how.
 *
 * @param tls null for plain HTTP
 * @param headers set on every answer
 * @param users bcrypt hashes by name; empty lets everybody in
 * @param every one request on average; zero means no limit
 * @param burst of requests at once under that limit
 */
record WebConfig(
    @Nullable ServerTls tls,
    Map<String, String> headers,
    Map<String, String> users,
    Duration every,
    int burst) {
  static final WebConfig OPEN = new WebConfig(null, Map.of(), Map.of(), Duration.ZERO, 0);

  /** What the toolkit lets one set, and to which values; empty means to any. */
  private static final Map<String, List<String>> HEADERS =
      Map.of(
          "Strict-Transport-Security", List.of(),
          "X-Content-Type-Options", List.of("nosniff"),
          "X-Frame-Options", List.of("deny", "sameorigin"),
          "X-XSS-Protection", List.of(),
          "Content-Security-Policy", List.of());

  private static final int MOST_USERS = 1000;

  WebConfig {
    headers = Map.copyOf(headers);
    users = Map.copyOf(users);
  }

  /**
   * Reads a file; what it names is not looked at yet.
   *
   * @throws vigie.base.config.ConfigException if it is no YAML at all; other faults are collected
   */
  static WebConfig read(Path file, Faults faults) {
    Section top = Yaml.load(file, Map.of(), faults);
    ServerTls tls = ServerTls.read(top.section("tls_server_config"));
    Section http = top.section("http_server_config");
    http.bool("http2", true); // taken, so that files can be shared; HTTP/1.1 is what we speak
    Map<String, String> headers = headers(http.section("headers"));
    http.end();
    Section limit = top.section("rate_limit");
    Duration every = limit.duration("interval", Duration.ZERO);
    int burst = (int) limit.integer("burst", 0, 0, 1_000_000);
    if (!every.isZero() && burst == 0) {
      limit.fault("burst", "rate_limit without a burst of at least 1 would refuse every request");
    }
    limit.end();
    Map<String, String> users = users(top.section("basic_auth_users"));
    top.end();
    return new WebConfig(tls, headers, users, every, burst);
  }

  private static Map<String, String> headers(Section section) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String name : section.keys()) {
      Value value = section.value(name);
      String text = value == null ? null : value.string();
      if (value == null || text == null) {
        continue;
      }
      List<String> allowed = HEADERS.get(name);
      if (allowed == null) {
        section.fault(
            name, "header \"" + name + "\" cannot be set; there are " + String.join(", ", names()));
      } else if (!allowed.isEmpty() && !allowed.contains(text)) {
        value.fault(name + " must be " + String.join(" or ", allowed));
      } else if (text.chars().anyMatch(c -> c < ' ' || c > '~')) {
        value.fault(name + " must be printable ASCII");
      } else {
        headers.put(name, text);
      }
    }
    return headers;
  }

  private static List<String> names() {
    return HEADERS.keySet().stream().sorted().toList();
  }

  private static Map<String, String> users(Section section) {
    Map<String, String> users = new LinkedHashMap<>();
    for (String name : section.keys()) {
      Value value = section.value(name);
      String hash = value == null ? null : value.string();
      if (value == null || hash == null) {
        section.fault(name, "user \"" + name + "\" has no bcrypt hash");
      } else if (!Passwords.isHash(hash)) {
        // Without the text: it may be the password itself.
        value.fault(
            "what stands here for user \""
                + name
                + "\" is no bcrypt hash ($2y$10$…); make one: htpasswd -nBC 10 "
                + name);
      } else {
        users.put(name, hash);
      }
    }
    if (users.size() > MOST_USERS) {
      section.fault("more than " + MOST_USERS + " users");
    }
    return users;
  }
}
