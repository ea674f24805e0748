package vigie.agent.metric;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusScrapeRequest;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.reader.NoDataException;
import vigie.base.time.Clock;

/**
 * All subjects as one collector of the Prometheus registry. A subject that fails is told by {@code
 * node_scrape_collector_success} and never spoils the others; calls from several threads wait for
 * each other.
 */
public final class NodeCollector implements MultiCollector {
  private static final Logger log = LoggerFactory.getLogger(NodeCollector.class);

  /** The request's parameter that names the subjects wanted. */
  public static final String COLLECT = "collect[]";

  private final Family duration =
      Family.gauge(
          "node_scrape_collector_duration_seconds",
          "How long reading the subject took, in seconds.");
  private final Family success =
      Family.gauge("node_scrape_collector_success", "Whether the subject could be read.");
  private final LabelCache<String> labels = LabelCache.of("collector");
  private final Set<String> failing = new HashSet<>();
  private volatile List<Subject> subjects;
  private final Clock clock;

  NodeCollector(List<Subject> subjects, Clock clock) {
    this.subjects = List.copyOf(subjects);
    this.clock = clock;
  }

  List<Subject> subjects() {
    return subjects;
  }

  /** Reads other subjects from the next scrape on. */
  public synchronized void replace(NodeMetrics metrics) {
    subjects = List.copyOf(metrics.subjects());
  }

  /** The names that {@code collect[]} takes. */
  public List<String> names() {
    return subjects.stream().map(Subject::name).toList();
  }

  @Override
  public MetricSnapshots collect() {
    return collect(name -> true, null);
  }

  @Override
  public MetricSnapshots collect(PrometheusScrapeRequest request) {
    return collect(name -> true, request);
  }

  @Override
  public MetricSnapshots collect(Predicate<String> includedNames) {
    return collect(includedNames, null);
  }

  /**
   * Reads the subjects wanted and keeps the metrics wanted. Never throws and never answers null:
   * either would fail the whole scrape.
   *
   * @param request may be null; its {@code collect[]} names the subjects, none means all
   */
  @Override
  public synchronized MetricSnapshots collect(
      Predicate<String> includedNames, @Nullable PrometheusScrapeRequest request) {
    String[] wanted = request == null ? null : request.getParameterValues(COLLECT);
    List<MetricSnapshot> snapshots = new ArrayList<>(256);
    for (Subject subject : subjects) {
      if (wanted == null || wanted.length == 0 || Arrays.asList(wanted).contains(subject.name())) {
        collect(subject, includedNames, snapshots);
      }
    }
    take(duration, includedNames, snapshots);
    take(success, includedNames, snapshots);
    return new MetricSnapshots(snapshots);
  }

  private void collect(
      Subject subject, Predicate<String> includedNames, List<MetricSnapshot> snapshots) {
    long start = clock.nanos();
    @Nullable Exception failure = null;
    try {
      subject.collect();
    } catch (IOException | RuntimeException e) {
      failure = e;
    }
    for (Family family : subject.families()) {
      try {
        take(family, includedNames, snapshots);
      } catch (RuntimeException twice) {
        // Two values with the same labels: the library refuses the family as a whole.
        failure = twice;
      }
    }
    tell(subject.name(), failure);
    success.add(labels.get(subject.name()), failure == null ? 1 : 0);
    duration.add(labels.get(subject.name()), (clock.nanos() - start) / 1e9);
  }

  private static void take(
      Family family, Predicate<String> includedNames, List<MetricSnapshot> snapshots) {
    MetricSnapshot snapshot = family.take();
    if (snapshot != null && includedNames.test(family.name())) {
      snapshots.add(snapshot);
    }
  }

  private void tell(String subject, @Nullable Exception failure) {
    if (failure == null) {
      if (failing.remove(subject)) {
        log.info("subject can be read again subject={}", subject);
      }
    } else if (failure instanceof NoDataException) {
      failing.remove(subject);
      log.debug("nothing to read subject={} cause={}", subject, failure.getMessage());
    } else if (failing.add(subject)) {
      log.warn("subject cannot be read subject={} cause={}", subject, failure.toString());
    }
  }
}
