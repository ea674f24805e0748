package vigie.agent.expose;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.registry.PrometheusScrapeRequest;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import vigie.agent.metric.NodeCollector;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;

/**
 * {@code /metrics}: everything in the registry as text. One scrape at a time: a second one waits,
 * and is refused with 503 after ten seconds, so that a burst of scrapers costs latency, not memory.
 */
public final class Exposition {
  private static final Duration WAIT = Duration.ofSeconds(10);
  private static final String[] SUFFIXES = {"_total", "_info", "_bucket", "_count", "_sum"};

  private final PrometheusRegistry registry;
  private final NodeCollector node;
  private final Clock clock;
  private final Timer duration;
  private final Counter refused;
  private final ReentrantLock lock = new ReentrantLock();
  private final TextWriter writer = new TextWriter(); // guarded by lock

  /**
   * @param registry all metrics, those of {@code node} too
   * @param node asked alone where a request has {@code collect[]}
   */
  public Exposition(
      PrometheusRegistry registry, NodeCollector node, MeterRegistry meters, Clock clock) {
    this.registry = registry;
    this.node = node;
    this.clock = clock;
    this.duration =
        Timer.builder("vigie.agent.scrape")
            .description("Scrapes of the agent and the time they took.")
            .register(meters);
    this.refused =
        Counter.builder("vigie.agent.scrapes.refused")
            .description("Scrapes answered with 503 because others took too long.")
            .register(meters);
  }

  /** Adds {@code /metrics}. */
  public void addTo(Routes routes) {
    routes.get("/metrics", this::metrics);
  }

  /** The whole exposition in the classic format, as {@code /metrics} gives it. */
  public String text() {
    return new String(scrape(Format.TEXT, List.of(), List.of()), StandardCharsets.UTF_8);
  }

  private HttpAnswer metrics(HttpRequest request) {
    List<String> subjects = request.parameters(NodeCollector.COLLECT);
    for (String subject : subjects) {
      if (!node.names().contains(subject)) {
        throw new HttpFault(
            400, "no collector \"" + subject + "\"; there are " + String.join(", ", node.names()));
      }
    }
    Format format = Format.accepted(request.header("accept"));
    byte[] body = scrape(format, subjects, request.parameters("name[]"));
    return new HttpAnswer(200, format.contentType(), body, Map.of());
  }

  private byte[] scrape(Format format, List<String> subjects, List<String> names) {
    if (!locked()) {
      refused.increment();
      throw new HttpFault(503, "other scrapes are still under way; scrape less often");
    }
    try {
      long start = clock.nanos();
      MetricSnapshots snapshots =
          subjects.isEmpty() ? registry.scrape() : node.collect(new Request(subjects));
      byte[] text = writer.write(names.isEmpty() ? snapshots : only(snapshots, names), format);
      duration.record(clock.nanos() - start, TimeUnit.NANOSECONDS);
      return text;
    } finally {
      lock.unlock();
    }
  }

  private boolean locked() {
    try {
      return lock.tryLock(WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The metrics whose name, or the name of one of whose samples, was asked for. */
  private static MetricSnapshots only(MetricSnapshots snapshots, List<String> names) {
    Set<String> wanted = new HashSet<>(names);
    for (String name : names) {
      for (String suffix : SUFFIXES) {
        if (name.endsWith(suffix)) {
          wanted.add(name.substring(0, name.length() - suffix.length()));
        }
      }
    }
    MetricSnapshots.Builder kept = MetricSnapshots.builder();
    for (MetricSnapshot snapshot : snapshots) {
      if (wanted.contains(snapshot.getMetadata().getPrometheusName())) {
        kept.metricSnapshot(snapshot);
      }
    }
    return kept.build();
  }

  /** What the library hands to collectors of the HTTP request. */
  private record Request(List<String> subjects) implements PrometheusScrapeRequest {
    @Override
    public String getRequestPath() {
      return "/metrics";
    }

    @Override
    public String @Nullable [] getParameterValues(String name) {
      return name.equals(NodeCollector.COLLECT) ? subjects.toArray(new String[0]) : null;
    }
  }
}
