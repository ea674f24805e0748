package vigie.collector.card;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.AlertMark;
import vigie.collector.dispatch.Notes;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.graph.PngGraph;
import vigie.collector.label.Labels;
import vigie.collector.promql.Parser;

/** Cards as a fleet makes them, for whoever looks at them. */
public final class SampleCards {
  public static final Instant NOW = Instant.parse("2026-03-14T13:21:00Z");
  private static final Instant START = NOW.minusSeconds(19 * 60);
  private static final String CPU =
      "100 - avg by (node) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) * 100 > 90";

  /** One card and what goes with it. */
  public record Sample(String name, Notification wanted, CardContext context) {}

  private SampleCards() {}

  /** All of them, by name. */
  public static List<Sample> all() {
    return List.of(
        firing(), resolved(), crashed(), flapping(), silenced(), acknowledged(), silent(), many());
  }

  private static Sample firing() {
    Alert alert = busy(AlertState.FIRING, null);
    return new Sample("firing", notification(List.of(alert), Notes.NONE), busyContext());
  }

  private static Sample resolved() {
    Alert alert = busy(AlertState.RESOLVED, NOW.minusSeconds(120));
    return new Sample("resolved", notification(List.of(alert), Notes.NONE), busyContext());
  }

  private static Alert busy(AlertState state, @org.jspecify.annotations.Nullable Instant end) {
    return new Alert(
        Labels.of("alertname", "NodeCpuBusy", "node", "web1", "severity", "warning"),
        Labels.of(
            "summary", "The processors of web1 are 96 % busy",
            "description", "Look first which unit it is: systemd-cgtop.",
            "runbook_url", "https://wiki.example.org/runbooks/cpu"),
        state,
        START,
        START,
        end,
        NOW,
        96.31,
        "node/NodeCpuBusy",
        List.of());
  }

  private static CardContext busyContext() {
    long from = START.minusSeconds(160 * 60).toEpochMilli();
    Random random = new Random(3);
    List<Long> times = new ArrayList<>();
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < 358; i++) {
      long at = from + i * 30_000L;
      double busy = at > START.toEpochMilli() - 200_000 ? 95 : 28 + 9 * Math.sin(i / 31.0);
      double noise = random.nextGaussian() * (busy > 90 ? 1.1 : 3.2);
      if (i < 140 || i > 152) {
        times.add(at);
        values.add(Math.min(100, busy + noise));
      }
    }
    PngGraph.Line line =
        new PngGraph.Line(
            "",
            times.stream().mapToLong(Long::longValue).toArray(),
            values.stream().mapToDouble(Double::doubleValue).toArray());
    Measure measure = Measure.of(Parser.parse(CPU));
    byte[] png =
        PngGraph.draw(
            List.of(line),
            new PngGraph.Options(
                measure.graphed().toString(),
                measure.unit(),
                from,
                from + 358 * 30_000L,
                30_000,
                90,
                START.toEpochMilli(),
                ZoneOffset.UTC));
    List<Event> before =
        List.of(
            event(
                -240, "log.match", "", "pattern", "changes.deploy", "what", "shop 1.4.2 by alice"),
            event(
                -700,
                "log.match",
                "",
                "pattern",
                "dpkg.upgraded",
                "package",
                "libc6",
                "from",
                "2.36-9+deb12u9",
                "to",
                "2.36-9+deb12u10",
                "repeated",
                "79"),
            event(
                -760,
                "log.match",
                "",
                "pattern",
                "dpkg.upgraded",
                "package",
                "openssl",
                "from",
                "3.0.15",
                "to",
                "3.0.16"),
            event(-2400, "node.boot", "", "clean", "yes"));
    return new CardContext(alert -> Optional.of(measure), before, new Picture(png));
  }

  private static Sample crashed() {
    Event crash =
        event(
            0,
            "unit.crashed",
            "app.service crashed: exit code 3; systemd starts it again",
            "unit",
            "app.service",
            "reason",
            "exit code 3, for the 4th time in an hour",
            "log",
            """
            INFO  listening on 0.0.0.0:8080
            WARN  pool exhausted (20 of 20 in use)
            ERROR could not connect to postgres@db1:5432: timeout
            FATAL giving up ``` @everyone [free nitro](https://evil.example)""");
    Labels labels =
        Labels.of(
            "alertname",
            "UnitCrashed",
            "node",
            "web1",
            "unit",
            "app.service",
            "severity",
            "critical");
    Labels texts = Labels.of("summary", "app.service on web1 crashed");
    return new Sample(
        "crashed", notification(List.of(alert(labels, texts, crash)), Notes.NONE), plain());
  }

  private static Sample flapping() {
    Alert down = probe();
    AlertMark mark =
        new AlertMark(
            List.of(),
            List.of(),
            List.of(),
            null,
            new AlertMark.Flapping(7, START.minusSeconds(2400), true),
            null);
    return new Sample("flapping", notification(List.of(down), marked(down, mark)), plain());
  }

  private static Sample silenced() {
    Alert down = probe();
    AlertMark.Silenced by =
        new AlertMark.Silenced("s1", "bob", NOW.plusSeconds(5400), "clusterhat is off, new case");
    AlertMark mark = new AlertMark(List.of(by), List.of(), List.of(), null, null, null);
    return new Sample("silenced", notification(List.of(down), marked(down, mark)), plain());
  }

  private static Sample acknowledged() {
    Alert down = probe();
    AlertMark mark =
        new AlertMark(
            List.of(),
            List.of(),
            List.of(),
            new AlertMark.Acked("alice", NOW.minusSeconds(300), "restarting it"),
            null,
            null);
    return new Sample("acknowledged", notification(List.of(down), marked(down, mark)), plain());
  }

  private static Sample silent() {
    Labels labels = Labels.of("alertname", "NodeSilent", "node", "pi4", "severity", "critical");
    Alert alert =
        alert(
            labels,
            Labels.of("summary", "pi4 has been silent for 2 minutes"),
            event(
                0,
                "node.silent",
                "pi4 is silent: nothing heard since 13:00:02",
                "reason",
                "nothing heard for 2m"));
    AlertMark mark =
        new AlertMark(
            List.of(),
            List.of(),
            List.of(),
            null,
            null,
            new AlertMark.Reach("pi4", List.of("web1", "db1"), List.of()));
    List<Notes.Held> held =
        List.of(
            held("ProbeDown", "pi4", "calculatrice on pi4 is down"),
            held("NodeSilent", "zero1", "zero1 has been silent for 2 minutes"),
            held("NodeSilent", "zero2", "zero2 has been silent for 2 minutes"));
    Notes notes =
        new Notes(
            Map.of(alert.fingerprint(), mark),
            held,
            5,
            List.of(
                new Notes.Line(
                    Notes.Line.Kind.PLANNED,
                    NOW.minusSeconds(30_000),
                    NOW.minusSeconds(29_000),
                    "zero3",
                    "node.shutdown: poweroff")));
    return new Sample("silent", notification(List.of(alert), notes), plain());
  }

  private static Sample many() {
    List<Alert> alerts = new ArrayList<>();
    for (int i = 1; i <= 11; i++) {
      Labels labels =
          Labels.of(
              "alertname",
              "ProbeDown",
              "node",
              "zero" + i,
              "severity",
              "critical",
              "target",
              "127.0.0.1:13337");
      Event event = event(i, "probe.down", "calculatrice is down", "reason", "connection refused");
      alerts.add(alert(labels, Labels.of("summary", "calculatrice is down"), event));
    }
    Labels common = Labels.of("alertname", "ProbeDown", "severity", "critical");
    Labels texts = Labels.of("summary", "calculatrice is down");
    Notification wanted =
        new Notification(
            "7f3a19c2-04d1-31",
            "k",
            "discord",
            Labels.EMPTY,
            common,
            texts,
            alerts,
            11,
            2,
            START,
            NOW);
    return new Sample("many", wanted, plain());
  }

  private static Alert probe() {
    Labels labels =
        Labels.of(
            "alertname",
            "ProbeDown",
            "node",
            "p1",
            "target",
            "127.0.0.1:13337",
            "severity",
            "critical");
    Labels texts =
        Labels.of("summary", "calculatrice on p1 is down: 127.0.0.1:13337 does not answer");
    Event down =
        event(
            0,
            "probe.down",
            "calculatrice is down: connection refused; it was up for 3m",
            "reason",
            "connection refused");
    Event up = event(-180, "probe.up", "calculatrice is up again after 41s");
    return alert(labels, texts, down, up);
  }

  private static CardContext plain() {
    return new CardContext(alert -> Optional.empty(), List.of(), null);
  }

  private static Notes marked(Alert alert, AlertMark mark) {
    return new Notes(Map.of(alert.fingerprint(), mark), List.of(), 0, List.of());
  }

  private static Notes.Held held(String name, String node, String summary) {
    return new Notes.Held(
        name + node, Labels.of("alertname", name, "node", node), summary, START, null);
  }

  private static Alert alert(Labels labels, Labels annotations, Event... events) {
    return new Alert(
        labels, annotations, AlertState.FIRING, START, START, null, NOW, 0, "g/a", List.of(events));
  }

  private static Notification notification(List<Alert> alerts, Notes notes) {
    Alert first = alerts.get(0);
    int firing = first.state() == AlertState.FIRING ? alerts.size() : 0;
    return new Notification(
        "7f3a19c2-04d1-31",
        "k",
        "discord",
        Labels.EMPTY,
        first.labels(),
        first.annotations(),
        alerts,
        firing,
        alerts.size() - firing,
        START,
        NOW,
        notes);
  }

  private static Event event(long seconds, String type, String text, String... fields) {
    Map<String, String> all = new java.util.LinkedHashMap<>();
    for (int i = 0; i + 1 < fields.length; i += 2) {
      all.put(fields[i], fields[i + 1]);
    }
    Instant at = START.plusSeconds(seconds);
    return new Event(at, at, "web1", 1, 3, "vigie", type, all, text, null);
  }
}
