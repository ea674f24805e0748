package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * Fetches a URL, in the grammar of blackbox_exporter's prober {@code http}.
 *
 * @param validStatus empty: 200 to 299
 * @param validVersions such as {@code HTTP/1.1}; empty: any
 * @param compression {@code gzip}, {@code deflate} or {@code ""}
 * @param mostBody how many bytes the uncompressed body may have; 0 for no limit of the operator's
 */
record HttpModule(
    AddressChoice addresses,
    TlsSettings security,
    HttpRequestSpec request,
    List<Integer> validStatus,
    List<String> validVersions,
    boolean followRedirects,
    boolean failIfTls,
    boolean failIfNotTls,
    List<Pattern> badBody,
    List<Pattern> goodBody,
    List<HeaderMatch> badHeaders,
    List<HeaderMatch> goodHeaders,
    String compression,
    long mostBody)
    implements Module {
  static final String PROBER = "http";
  static final List<Measure> MEASURES =
      List.of(
          Dial.LOOKUP,
          Dial.PROTOCOL,
          Dial.HASH,
          Conversation.FAILED_REGEX,
          HttpMeasures.DURATION,
          HttpMeasures.STATUS,
          HttpMeasures.CONTENT_LENGTH,
          HttpMeasures.UNCOMPRESSED_LENGTH,
          HttpMeasures.REDIRECTS,
          HttpMeasures.TLS,
          HttpMeasures.VERSION,
          HttpMeasures.LAST_MODIFIED,
          TlsPeer.EARLIEST,
          TlsPeer.CHAIN_EXPIRY,
          TlsPeer.CHAIN_INFO,
          TlsPeer.VERSION,
          TlsPeer.CIPHER);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final long MOST_BODY = 64 * 1024 * 1024;

  /** What blackbox_exporter knows and this agent refuses by name, with the reason. */
  private static final Map<String, String> REFUSED =
      new TreeMap<>(
          Map.of(
              "fail_if_body_json_matches_cel",
              "CEL is not built in; a regular expression over the body often does",
              "fail_if_body_json_not_matches_cel",
              "CEL is not built in; a regular expression over the body often does",
              "oauth2",
              "OAuth 2 is not built in; use authorization with a credentials_file that something"
                  + " else renews",
              "proxy_url",
              "probing through a proxy is not built in",
              "proxy_from_environment",
              "probing through a proxy is not built in",
              "proxy_connect_header",
              "probing through a proxy is not built in"));

  HttpModule {
    validStatus = List.copyOf(validStatus);
    validVersions = List.copyOf(validVersions);
    badBody = List.copyOf(badBody);
    goodBody = List.copyOf(goodBody);
    badHeaders = List.copyOf(badHeaders);
    goodHeaders = List.copyOf(goodHeaders);
  }

  /**
   * An expression for one header.
   *
   * @param allowMissing whether an answer without the header is fine
   */
  record HeaderMatch(String header, Pattern regexp, boolean allowMissing) {}

  static HttpModule read(Section section) {
    refuse(section);
    boolean follow = section.bool("follow_redirects", true);
    if (section.has("no_follow_redirects")) {
      follow = !section.bool("no_follow_redirects", false);
      section.warn("no_follow_redirects", "no_follow_redirects is old; use follow_redirects");
    }
    return new HttpModule(
        AddressChoice.read(section),
        TlsSettings.read(section),
        HttpRequestSpec.read(section),
        statusCodes(section),
        section.strings("valid_http_versions"),
        follow,
        section.bool("fail_if_ssl", false),
        section.bool("fail_if_not_ssl", false),
        patterns(section, "fail_if_body_matches_regexp"),
        patterns(section, "fail_if_body_not_matches_regexp"),
        headerMatches(section, "fail_if_header_matches"),
        headerMatches(section, "fail_if_header_not_matches"),
        compression(section),
        section.bytes("body_size_limit", 0, 0, MOST_BODY));
  }

  private static void refuse(Section section) {
    for (Map.Entry<String, String> each : REFUSED.entrySet()) {
      if (section.has(each.getKey()) && !"false".equals(text(section, each.getKey()))) {
        section.fault(each.getKey(), each.getKey() + " is not to be had: " + each.getValue());
      }
    }
    // Without a proxy these two mean nothing.
    section.value("no_proxy");
    section.value("skip_resolve_phase_with_proxy");
    // HTTP/1.1 is spoken in any case, which every server of HTTP/2 speaks too.
    section.bool("enable_http2", true);
    if (section.bool("enable_http3", false)) {
      section.fault("enable_http3", "enable_http3 is not to be had: probes speak HTTP/1.1");
    }
  }

  private static @Nullable String text(Section section, String key) {
    Value value = section.value(key);
    return value == null || value.isSection() || value.isList() ? null : value.string();
  }

  private static List<Integer> statusCodes(Section section) {
    List<Integer> all = new ArrayList<>();
    for (Value each : section.list("valid_status_codes")) {
      Long code = each.integer(100, 999);
      if (code != null) {
        all.add(code.intValue());
      }
    }
    return all;
  }

  private static List<Pattern> patterns(Section section, String key) {
    List<Pattern> all = new ArrayList<>();
    for (Value each : section.list(key)) {
      Pattern pattern = Patterns.read(each, key);
      if (pattern != null) {
        all.add(pattern);
      }
    }
    return all;
  }

  private static List<HeaderMatch> headerMatches(Section parent, String key) {
    List<HeaderMatch> all = new ArrayList<>();
    for (Section each : parent.sections(key)) {
      String header = each.requiredString("header");
      if (!each.has("regexp")) {
        each.fault("key \"regexp\" is missing in " + key);
      }
      Pattern regexp = Patterns.read(each, "regexp");
      boolean allowMissing = each.bool("allow_missing", false);
      each.end();
      if (regexp != null) {
        all.add(new HeaderMatch(header, regexp, allowMissing));
      }
    }
    return all;
  }

  private static String compression(Section section) {
    String text = section.string("compression", "").toLowerCase(Locale.ROOT);
    return switch (text) {
      case "", "identity" -> "";
      case "gzip", "deflate" -> text;
      default -> {
        section.fault(
            "compression", "compression \"" + text + "\" is not one of gzip, deflate, identity");
        yield "";
      }
    };
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public Duration timeout() {
    return TIMEOUT;
  }

  @Override
  public void checkTarget(String target) {
    HttpUrl.parse(target);
  }

  @Override
  public Module forHost(String name) {
    return new HttpModule(
        addresses,
        security,
        request.forHost(name),
        validStatus,
        validVersions,
        followRedirects,
        failIfTls,
        failIfNotTls,
        badBody,
        goodBody,
        badHeaders,
        goodHeaders,
        compression,
        mostBody);
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new HttpProbe(this, HttpUrl.parse(target), timeout, tools);
  }
}
