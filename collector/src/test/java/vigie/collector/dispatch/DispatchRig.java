package vigie.collector.dispatch;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.time.ManualClock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.node.Node;
import vigie.collector.node.NodeState;

/** A dispatcher with all that it asks and tells, on a clock that stands still. */
final class DispatchRig implements Surroundings {
  final ManualClock clock = new ManualClock();
  final List<Notification> told = new ArrayList<>();
  final Map<String, Notification> open = new LinkedHashMap<>();

  /** By their id: the matcher and the mark. */
  final Map<String, Map.Entry<LabelMatcher, AlertMark.Silenced>> silences = new LinkedHashMap<>();

  final Map<String, AlertMark.Acked> acked = new HashMap<>();
  final Map<String, Node> nodes = new HashMap<>();
  final Map<String, String> dependsOn = new HashMap<>();
  final Map<String, AlertMark.Reach> reach = new HashMap<>();
  final Map<String, Flap> flaps = new LinkedHashMap<>();
  List<DispatchStore.Waiting> lines = List.of();

  boolean failing;

  /** What the next dispatcher hears before it is told what fires. */
  final List<Alert> beforeStart = new ArrayList<>();

  final Routing routing;
  Dispatcher dispatcher;

  DispatchRig(String yaml) {
    Faults faults = new Faults();
    routing =
        Routing.read(
            Yaml.parse(Path.of("c.yaml"), yaml, Map.of(), faults),
            Map.of(),
            new Receiver("cards", List.of(() -> true)));
    faults.throwIfAny();
    restart(List.of());
  }

  DispatchRig() {
    this("{}");
  }

  void restart(Collection<Alert> active) {
    dispatcher =
        new Dispatcher(
            routing,
            new NotificationSink() {
              @Override
              public void want(List<Notification> notifications) {
                notifications.forEach(DispatchRig.this::want);
              }

              @Override
              public List<Notification> open() {
                return List.copyOf(open.values());
              }
            },
            new DispatchStore() {
              @Override
              public Map<String, Flap> flaps() {
                return Map.copyOf(flaps);
              }

              @Override
              public void saveFlaps(Map<String, Flap> changed, Collection<String> gone) {
                flaps.putAll(changed);
                flaps.keySet().removeAll(gone);
              }

              @Override
              public List<Waiting> lines() {
                return lines;
              }

              @Override
              public void saveLines(List<Waiting> all) {
                lines = all;
              }
            },
            this,
            clock,
            clock,
            Runnable::run,
            new SimpleMeterRegistry());
    beforeStart.forEach(alert -> dispatcher.accept(List.of(alert)));
    beforeStart.clear();
    dispatcher.start(active);
  }

  private void want(Notification notification) {
    if (failing) {
      throw new UncheckedIOException("the disk refuses", new IOException("full"));
    }
    told.add(notification);
    if (notification.isResolved()) {
      open.remove(notification.incident());
    } else {
      open.put(notification.incident(), notification);
    }
  }

  Notification last() {
    return told.get(told.size() - 1);
  }

  void advance(String duration) {
    clock.advance(vigie.base.time.Durations.parse(duration));
  }

  Alert alert(AlertState state, String... labels) {
    Instant now = clock.now();
    return new Alert(
        Labels.of(labels),
        Labels.of("summary", "s"),
        state,
        now,
        now,
        state == AlertState.RESOLVED ? now : null,
        now,
        1,
        "",
        List.of());
  }

  Alert fire(String... labels) {
    Alert alert = alert(AlertState.FIRING, labels);
    dispatcher.accept(List.of(alert));
    return alert;
  }

  void resolve(String... labels) {
    dispatcher.accept(List.of(alert(AlertState.RESOLVED, labels)));
  }

  void silence(String id, String name, String value, String duration) {
    silences.put(
        id,
        Map.entry(
            LabelMatcher.equal(name, value),
            new AlertMark.Silenced(
                id, "ann", clock.now().plus(vigie.base.time.Durations.parse(duration)), "works")));
    dispatcher.silencesChanged();
  }

  void expire(String id) {
    silences.remove(id);
    dispatcher.silencesChanged();
  }

  void node(String name, NodeState state, String quiet) {
    Duration ago = vigie.base.time.Durations.parse(quiet);
    nodes.put(
        name,
        new Node(
            name, true, true, state, "", clock.now(), clock.now().minus(ago), null, "b", "s", ""));
  }

  void ack(Alert alert) {
    acked.put(alert.fingerprint(), new AlertMark.Acked("bob", clock.now(), "mine"));
    dispatcher.acknowledged(Set.of(alert.fingerprint()));
  }

  @Override
  public List<AlertMark.Silenced> silencing(Labels labels) {
    return silences.values().stream()
        .filter(s -> s.getKey().matches(labels))
        .map(Map.Entry::getValue)
        .toList();
  }

  @Override
  public AlertMark.@Nullable Acked acknowledged(String fingerprint) {
    return acked.get(fingerprint);
  }

  @Override
  public void over(Set<String> fingerprints) {
    acked.keySet().removeAll(fingerprints);
  }

  @Override
  public @Nullable Node node(String name) {
    return nodes.get(name);
  }

  @Override
  public String dependsOn(String node) {
    return dependsOn.getOrDefault(node, "");
  }

  @Override
  public AlertMark.@Nullable Reach reach(String node) {
    return reach.get(node);
  }
}
