package vigie.base.http;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Secret;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.net.ClientTls;

/**
 * What Prometheus's configuration says about an HTTP client: {@code basic_auth}, {@code
 * authorization}, {@code tls_config} and so on. Secrets in files are read anew for each request.
 *
 * @param user of {@code basic_auth}; null where there is none
 * @param scheme that the credentials follow, such as {@code Bearer}; {@code ""} without any
 * @param secret password or credentials; null for none
 * @param headers further ones, each with its values
 */
public record HttpClientSettings(
    @Nullable Secret user,
    String scheme,
    @Nullable Secret secret,
    Map<String, List<Secret>> headers,
    ClientTls tls,
    boolean followRedirects) {
  public static final HttpClientSettings DEFAULTS =
      new HttpClientSettings(null, "", null, Map.of(), ClientTls.DEFAULTS, true);

  /** The keys that {@link #read} takes, for documents. */
  public static final List<String> KEYS =
      List.of(
          "basic_auth",
          "authorization",
          "bearer_token",
          "bearer_token_file",
          "tls_config",
          "follow_redirects",
          "enable_http2",
          "http_headers");

  /** The keys that {@link #read} refuses. */
  public static final List<String> REFUSED =
      List.of("oauth2", "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header");

  /** What requests have of themselves. */
  private static final Set<String> OURS =
      Set.of(
          "accept",
          "accept-encoding",
          "authorization",
          "content-encoding",
          "content-length",
          "content-type",
          "host",
          "user-agent",
          "x-prometheus-remote-write-version",
          "x-prometheus-remote-read-version",
          "x-prometheus-scrape-timeout-seconds");

  public HttpClientSettings {
    headers = Map.copyOf(headers);
  }

  /** Reads the keys, which stand among others of the section; whoever calls ends it. */
  public static HttpClientSettings read(Section s) {
    s.refuse(REFUSED, "is not supported; take it out and let a local proxy do it");
    Secret user = null;
    String scheme = "";
    Secret secret = null;
    List<String> ways = new ArrayList<>();
    if (s.has("basic_auth")) {
      ways.add("basic_auth");
      Section basic = s.section("basic_auth");
      Value userFile = basic.value("username_file");
      Path userAt = userFile == null ? null : userFile.path();
      user = userAt != null ? Secret.inFile(userAt) : Secret.of(basic.string("username", ""));
      secret = basic.secret("password", true);
      scheme = "Basic";
      if (userFile == null && !basic.has("username")) {
        basic.fault("basic_auth needs username or username_file");
      }
      basic.end();
    }
    if (s.has("authorization")) {
      ways.add("authorization");
      Section authorization = s.section("authorization");
      scheme = authorization.string("type", "Bearer");
      secret = authorization.secret("credentials", true);
      if (scheme.equalsIgnoreCase("basic")) {
        authorization.fault("type", "authorization cannot have type \"basic\"; use basic_auth");
      }
      authorization.end();
    }
    if (s.has("bearer_token") || s.has("bearer_token_file")) {
      ways.add("bearer_token");
      scheme = "Bearer";
      secret = s.secret("bearer_token", true);
    }
    if (ways.size() > 1) {
      s.fault(ways.get(1), "only one of " + String.join(", ", ways) + " can be used");
    }
    s.bool("enable_http2", true); // HTTP/1.1 in any case, which every server speaks
    return new HttpClientSettings(
        user,
        scheme,
        secret,
        headers(s.section("http_headers")),
        ClientTls.read(s.section("tls_config")),
        s.bool("follow_redirects", true));
  }

  private static Map<String, List<Secret>> headers(Section section) {
    Map<String, List<Secret>> headers = new LinkedHashMap<>();
    for (String name : section.keys()) {
      Section header = section.section(name);
      List<Secret> values = new ArrayList<>();
      for (String key : List.of("values", "secrets")) {
        header.strings(key).forEach(text -> values.add(Secret.of(text)));
      }
      for (Value file : header.list("files")) {
        Path at = file.path();
        if (at != null) {
          values.add(Secret.inFile(at));
        }
      }
      header.end();
      if (mayBeSet(section, name)) {
        headers.put(name, List.copyOf(values));
      }
    }
    return headers;
  }

  /** These settings with headers as {@code name: value}, as {@code remote_write} has them. */
  public HttpClientSettings withHeaders(Section section) {
    Map<String, List<Secret>> all = new LinkedHashMap<>(headers);
    section
        .stringMap()
        .forEach(
            (name, value) -> {
              if (mayBeSet(section, name)) {
                all.put(name, List.of(Secret.of(value)));
              }
            });
    return new HttpClientSettings(user, scheme, secret, all, tls, followRedirects);
  }

  private static boolean mayBeSet(Section section, String name) {
    boolean token =
        name.chars()
            .allMatch(c -> c == '-' || c == '_' || (c < 128 && Character.isLetterOrDigit(c)));
    if (!token || OURS.contains(name.toLowerCase(Locale.ROOT))) {
      section.fault(name, "header \"" + name + "\" cannot be set here");
      return false;
    }
    return true;
  }

  /**
   * The headers of one request.
   *
   * @throws UncheckedIOException if a secret's file cannot be read
   */
  public Map<String, String> requestHeaders() {
    Map<String, String> all = new LinkedHashMap<>();
    headers.forEach(
        (name, values) ->
            all.put(name, String.join(", ", values.stream().map(Secret::reveal).toList())));
    String credentials = secret == null ? "" : secret.reveal();
    if (user != null) {
      byte[] login = (user.reveal() + ":" + credentials).getBytes(StandardCharsets.UTF_8);
      all.put("authorization", "Basic " + Base64.getEncoder().encodeToString(login));
    } else if (secret != null) {
      all.put("authorization", scheme + " " + credentials);
    }
    return all;
  }

  /** Whether {@link #requestHeaders} reads files. */
  public boolean readsFiles() {
    return (user != null && user.isInFile())
        || (secret != null && secret.isInFile())
        || headers.values().stream().flatMap(List::stream).anyMatch(Secret::isInFile);
  }
}
