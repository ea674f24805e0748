package vigie.collector.alert;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.label.Labels;

/**
 * Alerts that other servers post, as they would to Alertmanager: one fires until its end is posted
 * or it has not been posted for a while. Safe for all threads.
 *
 * <p>Who posts says again and again that an alert fires, so what is kept is only what changed.
 * After a restart every kept alert that fires has the whole time limit before it, since nobody
 * could say so meanwhile.
 */
public final class PostedAlerts {
  private static final Logger log = LoggerFactory.getLogger(PostedAlerts.class);
  private static final Duration LISTED_RESOLVED = Duration.ofMinutes(15);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  private final PostedAlertStore store;
  private final PostedLimits limits;
  private final Supplier<Duration> resolveTimeout;
  private final AlertSink sink;
  private final Clock clock;
  private final Counter received;
  private final Counter refused;

  // Guarded by this. The lock is also held while the sink is told, so that it hears in order.
  private final Map<String, PostedAlert> all = new LinkedHashMap<>();

  /** The ends that are on the disk. */
  private final Map<String, Instant> kept = new LinkedHashMap<>();

  /**
   * What somebody posts.
   *
   * @param startsAt null where they don't say
   * @param endsAt likewise; in the past for an alert that is over
   */
  public record Post(
      Labels labels,
      Labels annotations,
      @Nullable Instant startsAt,
      @Nullable Instant endsAt,
      String generatorUrl) {}

  /**
   * Takes up what is kept; nothing is told before {@link #start}.
   *
   * @param resolveTimeout how long an alert without an end fires, and at least every one after a
   *     restart
   * @param sink told of what changed
   * @param executor looks for alerts that have ended
   */
  public PostedAlerts(
      PostedAlertStore store,
      PostedLimits limits,
      Supplier<Duration> resolveTimeout,
      AlertSink sink,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters) {
    this.store = store;
    this.limits = limits;
    this.resolveTimeout = resolveTimeout;
    this.sink = sink;
    this.clock = clock;
    Instant least = clock.now().plus(resolveTimeout.get());
    for (PostedAlert each : store.load()) {
      String fingerprint = each.alert().fingerprint();
      Instant end = each.endsAt();
      kept.put(fingerprint, end);
      boolean extended = each.alert().state() == AlertState.FIRING && end.isBefore(least);
      all.put(
          fingerprint, extended ? new PostedAlert(each.alert(), least, each.generatorUrl()) : each);
    }
    meters.gauge("vigie.alerts.posted", this, PostedAlerts::count);
    received = meters.counter("vigie.alerts.posts");
    refused = meters.counter("vigie.alerts.refused");
    scheduler.every(LOOK_EVERY, LOOK_EVERY, () -> executor.execute(this::look));
  }

  /** Tells the sink of all, once: it may not have heard of some before a crash. */
  public synchronized void start() {
    List<Alert> told = all.values().stream().map(PostedAlert::alert).toList();
    if (!told.isEmpty()) {
      sink.accept(told);
    }
  }

  /**
   * Takes what somebody posts; durable when this returns.
   *
   * @return what was refused and why, in words; empty where nothing was
   * @throws UncheckedIOException if the disk refuses; then nothing has changed
   */
  public synchronized List<String> post(Collection<Post> posts) {
    Instant now = clock.now();
    received.increment(posts.size());
    List<String> faults = new ArrayList<>();
    Map<String, PostedAlert> changed = new LinkedHashMap<>();
    Map<String, Alert> news = new LinkedHashMap<>();
    int more = 0;
    for (Post post : posts) {
      String fault = tooMuch(post);
      if (fault != null) {
        faults.add(fault);
        continue;
      }
      String fingerprint = post.labels().fingerprint();
      PostedAlert before = changed.getOrDefault(fingerprint, all.get(fingerprint));
      PostedAlert after = after(before, post, now);
      if (after == null) {
        continue;
      }
      if (before == null && all.size() + more >= limits.most()) {
        faults.add(
            "there are as many posted alerts as posted_alerts.most allows, "
                + limits.most()
                + "; raise it, or post fewer");
        continue;
      }
      more += before == null ? 1 : 0;
      changed.put(fingerprint, after);
      if (before == null || before.alert() != after.alert()) {
        news.put(fingerprint, after.alert());
      }
    }
    refused.increment(faults.size());
    take(changed, List.of(), List.copyOf(news.values()));
    return faults;
  }

  private @Nullable String tooMuch(Post post) {
    if (Math.max(post.labels().size(), post.annotations().size()) > limits.labels()) {
      return "an alert with more labels or annotations than posted_alerts.labels, "
          + limits.labels();
    }
    long bytes = length(post.labels()) + length(post.annotations()) + post.generatorUrl().length();
    return bytes > limits.bytes()
        ? "an alert of " + bytes + " bytes, more than posted_alerts.bytes " + limits.bytes()
        : null;
  }

  private static long length(Labels labels) {
    long length = 0;
    for (int i = 0; i < labels.size(); i++) {
      length += labels.name(i).length() + labels.value(i).length();
    }
    return length;
  }

  /** What the post makes of what was known; null where it is no news of anything. */
  @SuppressWarnings("ReferenceEquality") // an alert that stays as it was is the same object
  private @Nullable PostedAlert after(@Nullable PostedAlert before, Post post, Instant now) {
    Instant end = post.endsAt() != null ? post.endsAt() : now.plus(resolveTimeout.get());
    Alert known =
        before != null && before.alert().state() == AlertState.FIRING ? before.alert() : null;
    if (!end.isAfter(now)) {
      return known == null
          ? null
          : new PostedAlert(known.ended(end, now), end, post.generatorUrl());
    }
    Instant start = post.startsAt() != null ? post.startsAt() : known != null ? known.since() : now;
    if (known != null) {
      start = start.isBefore(known.since()) ? start : known.since();
      if (start.equals(known.since()) && post.annotations().equals(known.annotations())) {
        return new PostedAlert(known, end, post.generatorUrl());
      }
    }
    Alert alert =
        new Alert(
            known != null ? known.labels() : post.labels(),
            post.annotations(),
            AlertState.FIRING,
            start,
            start,
            null,
            now,
            Double.NaN,
            "",
            List.of());
    return new PostedAlert(alert, end, post.generatorUrl());
  }

  /** The disk first, then whoever is to be told. */
  private void take(Map<String, PostedAlert> changed, List<String> gone, List<Alert> news) {
    Map<String, PostedAlert> saved = new LinkedHashMap<>();
    Duration slack = resolveTimeout.get();
    changed.forEach(
        (fingerprint, each) -> {
          PostedAlert before = all.get(fingerprint);
          Instant end = kept.get(fingerprint);
          boolean same = before != null && before.alert().equals(each.alert());
          if (!same || end == null || each.endsAt().isAfter(end.plus(slack))) {
            saved.put(fingerprint, each);
          }
        });
    if (!saved.isEmpty() || !gone.isEmpty()) {
      store.save(saved.values(), gone);
    }
    saved.forEach((fingerprint, each) -> kept.put(fingerprint, each.endsAt()));
    all.putAll(changed);
    for (String fingerprint : gone) {
      all.remove(fingerprint);
      kept.remove(fingerprint);
    }
    if (!news.isEmpty()) {
      sink.accept(news);
    }
  }

  private synchronized void look() {
    Instant now = clock.now();
    Map<String, PostedAlert> changed = new LinkedHashMap<>();
    List<String> gone = new ArrayList<>();
    List<Alert> news = new ArrayList<>();
    all.forEach(
        (fingerprint, each) -> {
          Alert alert = each.alert();
          if (alert.state() == AlertState.FIRING && !each.endsAt().isAfter(now)) {
            Alert ended = alert.ended(each.endsAt(), now);
            changed.put(fingerprint, new PostedAlert(ended, each.endsAt(), each.generatorUrl()));
            news.add(ended);
          } else if (alert.state() == AlertState.RESOLVED
              && alert.knownAt().isBefore(now.minus(LISTED_RESOLVED))) {
            gone.add(fingerprint);
          }
        });
    try {
      if (!changed.isEmpty() || !gone.isEmpty()) {
        take(changed, gone, news);
      }
    } catch (UncheckedIOException e) {
      log.error("posted alerts that ended stay for now cause={}", e.getMessage());
    }
  }

  /** All that fire, and those that resolved less than 15 minutes ago. */
  public synchronized List<Alert> alerts() {
    List<Alert> alerts = new ArrayList<>(all.size());
    all.values().forEach(each -> alerts.add(each.alert()));
    return alerts;
  }

  /** What was posted, by fingerprint; null for another alert. */
  public synchronized @Nullable PostedAlert find(String fingerprint) {
    return all.get(fingerprint);
  }

  private synchronized int count() {
    return all.size();
  }
}
