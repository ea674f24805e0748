package vigie.agent.push;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Secret;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.net.ClientTls;

/**
 * Where samples are sent and what waits for it.
 *
 * @param every how often everything is read and sent
 * @param timeout of one request
 * @param user empty where no password is asked for
 * @param labels added to every series that has no such label itself
 * @param headers further ones; may hold secrets
 * @param spool the folder for what waits; null keeps it in memory
 * @param maxBytes what may wait; beyond it the oldest go
 * @param maxAge what is older goes, too
 */
public record PushConfig(
    URI url,
    Duration every,
    Duration timeout,
    String user,
    @Nullable Secret password,
    ClientTls tls,
    Map<String, String> labels,
    Map<String, Secret> headers,
    @Nullable Path spool,
    long maxBytes,
    Duration maxAge) {
  static final Duration EVERY = Duration.ofSeconds(15);
  static final Duration TIMEOUT = Duration.ofSeconds(30);
  static final Duration MAX_AGE = Duration.ofHours(1);
  static final long MEMORY_BYTES = 4L << 20;
  static final long DISK_BYTES = 64L << 20;
  private static final Path FOLDER = Path.of("/var/lib/vigie-agent/push");
  private static final int MOST_LABELS = 32;

  /** Set by the protocol itself. */
  private static final Set<String> OURS =
      Set.of(
          "host",
          "content-length",
          "content-type",
          "content-encoding",
          "x-prometheus-remote-write-version",
          "user-agent");

  public PushConfig {
    labels = Map.copyOf(labels);
    headers = Map.copyOf(headers);
  }

  /** Reads {@code push:} of the agent's configuration; null where it is absent. */
  public static @Nullable PushConfig read(Section agent) {
    Section push = agent.section("push");
    Value given = push.value("url");
    if (given == null && push.keys().isEmpty()) {
      return null;
    }
    URI url = given == null ? null : url(given);
    if (given == null) {
      push.fault("push.url is missing, such as http://collector:9338/api/v1/write");
    }
    Section auth = push.section("basic_auth");
    String user = auth.string("username", "");
    Secret password = auth.secret("password", false);
    if (user.isEmpty() != (password == null)) {
      auth.fault("basic_auth needs both username and password_file");
    }
    auth.end();
    String kind = push.string("spool", "memory");
    boolean disk = kind.equals("disk");
    if (!disk && !kind.equals("memory")) {
      push.fault("spool", "spool \"" + kind + "\" is neither memory nor disk");
    }
    Path folder = push.path("path", FOLDER);
    PushConfig config =
        new PushConfig(
            url == null ? URI.create("http://localhost") : url,
            push.duration("every", EVERY, Duration.ofSeconds(1), Duration.ofHours(1)),
            push.duration("timeout", TIMEOUT, Duration.ofSeconds(1), Duration.ofMinutes(5)),
            user,
            password,
            ClientTls.read(push.section("tls_config")),
            labels(push.section("labels")),
            headers(push.section("headers")),
            disk ? folder : null,
            push.bytes("max_bytes", disk ? DISK_BYTES : MEMORY_BYTES, 64 << 10, 16L << 30),
            push.duration(
                "max_age", MAX_AGE, Duration.ofMinutes(1), Duration.ofDays(disk ? 30 : 1)));
    push.end();
    return url == null ? null : config;
  }

  /** Host and port of the server, not resolved. */
  public InetSocketAddress address() {
    String host = url.getHost();
    boolean bracketed = host.startsWith("[");
    return InetSocketAddress.createUnresolved(
        bracketed ? host.substring(1, host.length() - 1) : host,
        url.getPort() > 0 ? url.getPort() : url.getScheme().equals("https") ? 443 : 80);
  }

  private static @Nullable URI url(Value given) {
    String text = given.string();
    if (text == null) {
      return null;
    }
    try {
      URI url = new URI(text);
      boolean web = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
      if (web && url.getHost() != null && url.getUserInfo() == null && url.getFragment() == null) {
        return url;
      }
      // Not the text itself: there may be a password in it.
      given.fault(
          url.getUserInfo() != null
              ? "url must not hold user and password; use basic_auth"
              : "url must be http://HOST:PORT/PATH or https://HOST:PORT/PATH");
    } catch (URISyntaxException e) {
      given.fault("url must be http://HOST:PORT/PATH or https://HOST:PORT/PATH");
    }
    return null;
  }

  private static Map<String, String> labels(Section section) {
    Map<String, String> labels = new LinkedHashMap<>();
    section
        .stringMap()
        .forEach(
            (name, value) -> {
              if (isLabelName(name)) {
                labels.put(name, value);
              } else {
                section.fault(name, "\"" + name + "\" is not a label name");
              }
            });
    if (labels.size() > MOST_LABELS) {
      section.fault("more than " + MOST_LABELS + " labels");
    }
    return labels;
  }

  private static boolean isLabelName(String name) {
    return !name.isEmpty()
        && !name.startsWith("__")
        && !Character.isDigit(name.charAt(0))
        && name.chars().allMatch(c -> c == '_' || (c < 128 && Character.isLetterOrDigit(c)));
  }

  private static Map<String, Secret> headers(Section section) {
    Map<String, Secret> headers = new LinkedHashMap<>();
    for (String name : section.keys()) {
      Value value = section.value(name);
      String text = value == null ? null : value.string();
      if (text == null) {
        continue;
      }
      boolean token = name.chars().allMatch(c -> c == '-' || Character.isLetterOrDigit(c));
      if (!token || OURS.contains(name.toLowerCase(Locale.ROOT))) {
        section.fault(name, "header \"" + name + "\" cannot be set here");
      } else if (text.chars().anyMatch(c -> c < ' ' || c > '~')) {
        section.fault(name, "header \"" + name + "\" must be printable ASCII");
      } else {
        headers.put(name, Secret.of(text));
      }
    }
    return headers;
  }
}
