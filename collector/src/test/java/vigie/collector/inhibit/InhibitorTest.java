package vigie.collector.inhibit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.LabelMatcher.Op;
import vigie.collector.label.Labels;

class InhibitorTest {
  private static final InhibitRule WORSE =
      new InhibitRule(
          List.of(LabelMatcher.equal("severity", "critical")),
          List.of(new LabelMatcher(Op.REGEX, "severity", "warning|info")),
          List.of("node", "cluster"),
          null);

  /** An alert that fits the target often fits the source, too. */
  private static final InhibitRule TWO_SIDED =
      new InhibitRule(
          List.of(new LabelMatcher(Op.NOT_EQUAL, "severity", "info")),
          List.of(LabelMatcher.equal("node", "p1")),
          List.of(),
          null);

  private final Inhibitor inhibitor = new Inhibitor();

  private static Labels labels(String severity, String node) {
    return Labels.of("severity", severity, "node", node);
  }

  @Test
  void givenSourceAndTarget_whenTheSourceEnds_thenTheTargetIsTouchedAndFree() {
    inhibitor.rules(List.of(WORSE));
    assertThat(inhibitor.fires("t", labels("warning", "p1"))).isEmpty();
    assertThat(inhibitor.fires("other", labels("warning", "p2"))).isEmpty();
    assertThat(inhibitor.fires("s", labels("critical", "p1"))).containsExactly("t");
    assertThat(inhibitor.inhibiting("t", labels("warning", "p1"))).containsExactly("s");
    assertThat(inhibitor.inhibiting("other", labels("warning", "p2"))).isEmpty();

    assertThat(inhibitor.fires("s2", labels("critical", "p1"))).isEmpty();
    assertThat(inhibitor.ended("s")).containsExactly("t");
    assertThat(inhibitor.inhibiting("t", labels("warning", "p1"))).containsExactly("s2");
    assertThat(inhibitor.ended("s2")).containsExactly("t");
    assertThat(inhibitor.inhibiting("t", labels("warning", "p1"))).isEmpty();
    assertThat(inhibitor.ended("s2")).isEmpty();
  }

  @Test
  void givenLabelThatIsAbsent_whenComparedWithAnEmptyOne_thenEqual() {
    inhibitor.rules(List.of(WORSE));
    inhibitor.fires("s", labels("critical", "p1").with("cluster", ""));

    assertThat(inhibitor.inhibiting("t", labels("info", "p1"))).containsExactly("s");
  }

  @Test
  void givenAlertsThatFitBothSides_whenTheyFire_thenNoneInhibitsAnotherNorItself() {
    inhibitor.rules(List.of(TWO_SIDED));
    inhibitor.fires("a", labels("critical", "p1"));
    inhibitor.fires("b", labels("warning", "p1"));

    assertThat(inhibitor.inhibiting("a", labels("critical", "p1"))).isEmpty();
    assertThat(inhibitor.inhibiting("b", labels("warning", "p1"))).isEmpty();
    assertThat(inhibitor.inhibiting("c", labels("info", "p1"))).containsExactly("a");
    inhibitor.fires("d", labels("critical", "p2"));
    assertThat(inhibitor.inhibiting("a", labels("critical", "p1"))).containsExactly("d");
  }

  @Test
  void givenNewRules_whenTaken_thenWhatFiresIsKnownToThem() {
    inhibitor.fires("s", labels("critical", "p1"));
    assertThat(inhibitor.inhibiting("t", labels("warning", "p1"))).isEmpty();
    inhibitor.rules(List.of(WORSE));

    assertThat(inhibitor.inhibiting("t", labels("warning", "p1"))).containsExactly("s");
  }

  /** 10,000 alerts; whoever's verdict changes is among those touched. */
  @Test
  void givenThousandsOfAlerts_whenTheyComeAndGo_thenVerdictsAreThoseOfALookAtAll() {
    List<InhibitRule> rules = List.of(WORSE, TWO_SIDED);
    inhibitor.rules(rules);
    Random random = new Random(7);
    Map<String, Labels> firing = new LinkedHashMap<>();
    for (int i = 0; i < 10_000; i++) {
      Labels labels =
          labels(List.of("critical", "warning", "info").get(i % 3), "p" + i / 5)
              .with("i", String.valueOf(i));
      firing.put("f" + i, labels);
      inhibitor.fires("f" + i, labels);
    }
    Map<String, Boolean> verdicts = new HashMap<>();
    firing.forEach((f, l) -> verdicts.put(f, !inhibitor.inhibiting(f, l).isEmpty()));
    List<String> order = List.copyOf(firing.keySet());
    for (int i = 0; i < 5_000; i++) {
      String changed = order.get(random.nextInt(order.size()));
      Labels labels = firing.remove(changed);
      Set<String> touched;
      if (labels == null) {
        int number = Integer.parseInt(changed.substring(1));
        labels =
            labels(List.of("critical", "warning", "info").get(number % 3), "p" + number / 5)
                .with("i", String.valueOf(number));
        firing.put(changed, labels);
        touched = inhibitor.fires(changed, labels);
      } else {
        touched = inhibitor.ended(changed);
      }
      for (String each : touched) {
        Labels target = firing.get(each);
        if (target != null) {
          verdicts.put(each, !inhibitor.inhibiting(each, target).isEmpty());
        }
      }
      verdicts.put(changed, !inhibitor.inhibiting(changed, labels).isEmpty());
    }
    firing.forEach(
        (f, l) -> {
          assertThat(verdicts.get(f)).as(f).isEqualTo(!inhibitor.inhibiting(f, l).isEmpty());
        });
    for (String sample : order.subList(0, 200)) {
      Labels target = firing.get(sample);
      if (target != null) {
        assertThat(verdicts.get(sample)).as(sample).isEqualTo(looked(rules, sample, firing));
      }
    }
  }

  /** The rule as it is written down. */
  private static boolean looked(List<InhibitRule> rules, String target, Map<String, Labels> all) {
    Labels labels = all.get(target);
    return rules.stream()
        .filter(rule -> rule.isTarget(labels))
        .anyMatch(
            rule ->
                all.values().stream()
                    .filter(rule::isSource)
                    .filter(source -> !(rule.isSource(labels) && rule.isTarget(source)))
                    .anyMatch(source -> rule.equalValues(source).equals(rule.equalValues(labels))));
  }
}
