package vigie.collector.remote;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import vigie.base.config.Section;
import vigie.base.http.HttpClientSettings;
import vigie.collector.label.Labels;

/**
 * One of {@code remote_read}, in Prometheus's grammar.
 *
 * @param requiredMatchers only selectors with these matchers are asked for; empty for all
 * @param readRecent whether it is asked, too, for what is kept here
 * @param externalLabels asked for, and taken off the answer; empty where not wanted
 */
public record RemoteReadSource(
    String name,
    URI url,
    Duration timeout,
    HttpClientSettings http,
    Map<String, String> requiredMatchers,
    boolean readRecent,
    Labels externalLabels) {
  /** Reads all of them. */
  public static List<RemoteReadSource> readAll(Section top, Labels externalLabels) {
    List<RemoteReadSource> all = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Section s : top.sections("remote_read")) {
      URI url = RemoteWriteTarget.url(s);
      String name = s.string("name", url == null ? "" : String.valueOf(url.getRawAuthority()));
      RemoteReadSource source =
          new RemoteReadSource(
              name,
              url == null ? URI.create("http://localhost/") : url,
              s.duration(
                  "remote_timeout",
                  Duration.ofMinutes(1),
                  Duration.ofMillis(1),
                  Duration.ofHours(1)),
              HttpClientSettings.read(s).withHeaders(s.section("headers")),
              Map.copyOf(s.section("required_matchers").stringMap()),
              s.bool("read_recent", false),
              s.bool("filter_external_labels", true) ? externalLabels : Labels.EMPTY);
      if (!names.add(name)) {
        s.fault("name", "remote_read \"" + name + "\" is there twice; set name");
      }
      s.end();
      if (url != null) {
        all.add(source);
      }
    }
    return all;
  }
}
