package vigie.collector.remote;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.http.HttpClientSettings;
import vigie.collector.label.Labels;
import vigie.collector.label.Relabel;

/**
 * One of {@code remote_write}, in Prometheus's grammar.
 *
 * @param name names its queue's folder, too
 * @param externalLabels added where a series has none of that name
 * @param mostSamples of one request
 * @param histograms whether native ones are sent
 * @param ageLimit older samples are not sent; zero for no limit
 */
public record RemoteWriteTarget(
    String name,
    URI url,
    Duration timeout,
    HttpClientSettings http,
    Labels externalLabels,
    List<Relabel> relabels,
    int mostSamples,
    Duration minBackoff,
    Duration maxBackoff,
    boolean retryTooMany,
    Duration ageLimit,
    boolean histograms) {
  /** Reads all of them. */
  public static List<RemoteWriteTarget> readAll(Section top, Labels externalLabels) {
    List<RemoteWriteTarget> all = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Section section : top.sections("remote_write")) {
      RemoteWriteTarget target = read(section, externalLabels);
      if (target != null) {
        if (!names.add(target.name)) {
          section.fault("name", "remote_write \"" + target.name + "\" is there twice; set name");
        }
        all.add(target);
      }
    }
    return all;
  }

  private static @Nullable RemoteWriteTarget read(Section s, Labels externalLabels) {
    URI url = url(s);
    String name = name(s, url);
    String message = s.string("protobuf_message", "prometheus.WriteRequest");
    if (!message.equals("prometheus.WriteRequest")) {
      s.fault(
          "protobuf_message",
          "protobuf_message \"" + message + "\" is not supported; take it out: 1.0 is spoken");
    }
    for (String key : List.of("send_exemplars", "round_robin_dns")) {
      if (s.bool(key, false)) {
        s.warn(key, key + " has no effect");
      }
    }
    if (s.has("metadata_config")) {
      Section metadata = s.section("metadata_config");
      metadata.bool("send", true);
      metadata.string("send_interval");
      metadata.string("max_samples_per_send");
      metadata.end();
      s.warn("metadata_config", "metadata_config has no effect: metadata is not sent");
    }
    s.refuse(
        List.of("sigv4", "azuread", "google_iam"),
        "is not supported; let a local proxy sign requests");
    Section queue = s.section("queue_config");
    // How many requests at once and how much in memory: one, and nothing, as the queue is on disk.
    queue.integer("capacity", 1, 1, Integer.MAX_VALUE);
    queue.integer("max_shards", 1, 1, Integer.MAX_VALUE);
    queue.integer("min_shards", 1, 1, Integer.MAX_VALUE);
    queue.duration("batch_send_deadline", Duration.ofSeconds(1));
    Duration minBackoff = queue.duration("min_backoff", Duration.ofMillis(30));
    RemoteWriteTarget target =
        new RemoteWriteTarget(
            name,
            url == null ? URI.create("http://localhost/") : url,
            s.duration(
                "remote_timeout",
                Duration.ofSeconds(30),
                Duration.ofMillis(1),
                Duration.ofHours(1)),
            HttpClientSettings.read(s).withHeaders(s.section("headers")),
            externalLabels,
            Relabel.readAll(s, "write_relabel_configs"),
            (int) queue.integer("max_samples_per_send", 2000, 1, 50_000),
            minBackoff,
            queue.duration("max_backoff", Duration.ofSeconds(5), minBackoff, Duration.ofHours(1)),
            queue.bool("retry_on_http_429", true),
            queue.duration("sample_age_limit", Duration.ZERO),
            s.bool("send_native_histograms", false));
    queue.end();
    s.end();
    return url == null ? null : target;
  }

  private static String name(Section s, @Nullable URI url) {
    String name = s.string("name", "");
    if (name.isEmpty()) {
      return Integer.toHexString(String.valueOf(url).hashCode());
    }
    boolean good =
        name.length() <= 64
            && name.chars()
                .allMatch(c -> c == '-' || c == '_' || (c < 128 && Character.isLetterOrDigit(c)));
    if (!good) {
      s.fault("name", "name \"" + name + "\" must be up to 64 letters, digits, - and _");
    }
    return name;
  }

  /** The URL of a section; null with a fault where it is none. */
  static @Nullable URI url(Section s) {
    String text = s.requiredString("url");
    try {
      URI url = new URI(text);
      if (("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
          && url.getRawAuthority() != null
          && url.getRawAuthority().indexOf('@') < 0) {
        return url;
      }
    } catch (URISyntaxException e) {
      // said below, without the text: there may be a password in it
    }
    if (!text.isEmpty()) {
      s.fault(
          "url", "url must be http://HOST:PORT/PATH or https://…; for a password use basic_auth");
    }
    return null;
  }
}
