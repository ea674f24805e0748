package vigie.collector.scrape;

import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.base.http.HttpClientSettings;
import vigie.base.http.HttpReply;
import vigie.base.time.Scheduler;

/** Target groups as JSON behind a URL, asked for at an interval. */
record HttpSd(URI url, Duration refresh, HttpClientSettings http) implements Discovery.Config {
  private static final Logger log = LoggerFactory.getLogger(HttpSd.class);
  private static final int MOST_BYTES = 16 << 20;

  static HttpSd read(Section section) {
    URI url = url(section, "url");
    HttpSd config =
        new HttpSd(
            url == null ? URI.create("http://localhost/") : url,
            section.duration(
                "refresh_interval",
                Duration.ofMinutes(1),
                Duration.ofMillis(1),
                Duration.ofDays(365)),
            HttpClientSettings.read(section));
    section.end();
    return config;
  }

  private static @Nullable URI url(Section section, String key) {
    String text = section.requiredString(key);
    if (text.isEmpty()) {
      return null;
    }
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
    section.fault(
        key,
        key
            + " must be http://HOST:PORT/PATH or https://HOST:PORT/PATH; for a password use"
            + " basic_auth");
    return null;
  }

  @Override
  public Discovery open(Discovery.Tools tools) {
    return new Open(this, tools);
  }

  private static final class Open implements Discovery {
    private final HttpSd config;
    private final Fetcher fetcher;
    private final Executor blocking;
    private final Scheduler.Task task;
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile List<TargetGroup> last = List.of();
    private volatile String lastFault = "";

    Open(HttpSd config, Tools tools) {
      this.config = config;
      this.blocking = tools.blocking();
      this.fetcher =
          new Fetcher(
              tools,
              config.url,
              config.http,
              config.refresh.compareTo(Duration.ofMinutes(1)) < 0
                  ? config.refresh
                  : Duration.ofMinutes(1),
              MOST_BYTES);
      this.task = tools.scheduler().every(Duration.ZERO, config.refresh, this::ask);
    }

    private void ask() {
      if (!busy.compareAndSet(false, true)) {
        return;
      }
      Map<String, String> headers = new LinkedHashMap<>();
      headers.put("accept", "application/json");
      headers.put("x-prometheus-refresh-interval-seconds", Fetcher.seconds(config.refresh));
      fetcher
          .get(headers)
          .whenComplete(
              (reply, failure) ->
                  blocking.execute(
                      () -> {
                        try {
                          take(reply, failure);
                        } finally {
                          busy.set(false);
                        }
                      }));
    }

    private void take(@Nullable HttpReply reply, @Nullable Throwable failure) {
      try {
        if (reply == null) {
          tell(Fetcher.words(failure));
        } else if (reply.status() != 200) {
          tell("server returned HTTP status " + reply.status());
        } else if (!isJson(reply.header("content-type"))) {
          tell("content-type is \"" + reply.header("content-type") + "\", not application/json");
        } else {
          List<TargetGroup> groups = parse(reply.body());
          if (!groups.equals(last)) {
            last = groups;
          }
          if (!lastFault.isEmpty()) {
            log.info("http_sd is read again url={}", shown());
            lastFault = "";
          }
        }
      } catch (ConfigException e) {
        tell(String.valueOf(e.getMessage()));
      } catch (UncheckedIOException e) {
        tell(String.valueOf(e.getMessage()));
      }
    }

    private static boolean isJson(String contentType) {
      return contentType
          .split(";", -1)[0]
          .strip()
          .toLowerCase(Locale.ROOT)
          .equals("application/json");
    }

    private List<TargetGroup> parse(byte[] body) {
      Faults faults = new Faults();
      List<Section> sections = new ArrayList<>();
      Value top =
          Yaml.parseValue(Path.of("answer"), new String(body, StandardCharsets.UTF_8), faults);
      if (top != null) {
        for (Value member : top.list()) {
          sections.add(member.section());
        }
      }
      List<TargetGroup> read = TargetGroup.readAll(sections);
      faults.throwIfAny();
      return read.stream().map(group -> group.with("__meta_url", config.url.toString())).toList();
    }

    private String shown() {
      return config.url.getRawAuthority()
          + (config.url.getRawPath() == null ? "" : config.url.getRawPath());
    }

    private void tell(String fault) {
      if (!fault.equals(lastFault)) {
        log.warn("http_sd not read url={} kept={} cause=\"{}\"", shown(), last.size(), fault);
        lastFault = fault;
      }
    }

    @Override
    public List<TargetGroup> groups() {
      return last;
    }

    @Override
    public void close() {
      task.cancel();
      fetcher.close();
    }
  }
}
