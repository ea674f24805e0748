package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;

/**
 * Random sequences of what can happen, against a model that says of each alert only whether it
 * fires and whether it is silenced.
 */
class DispatchModelTest {
  private static final int NAMES = 3;
  private static final int TARGETS = 3;

  private DispatchRig rig;
  private final Map<String, Alert> firing = new LinkedHashMap<>();
  private final Map<String, Boolean> silenced = new LinkedHashMap<>();

  private static java.util.stream.LongStream seeds() {
    return java.util.stream.LongStream.range(0, Long.getLong("dispatch.seeds", 300));
  }

  private static String[] labels(String key) {
    return new String[] {
      "alertname", key.substring(0, 1), "node", "p1", "target", key.substring(1)
    };
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void givenAnything_whenItHappens_thenEachIncidentEndsResolvedAndNothingIsLost(long seed) {
    Random random = new Random(seed);
    rig = new DispatchRig("{flapping: {openings: 3, quiet: 5m}}");
    for (int step = 0; step < 60; step++) {
      step(random);
      if (random.nextInt(4) == 0) {
        rig.advance(1 + random.nextInt(90) + "s");
        check("seed " + seed + " step " + step);
      }
    }
    for (String key : List.copyOf(firing.keySet())) {
      firing.remove(key);
      rig.resolve(labels(key));
    }
    rig.advance("1h");

    assertThat(rig.open).as("seed " + seed).isEmpty();
    Map<String, Notification> last = new LinkedHashMap<>();
    rig.told.forEach(notification -> last.put(notification.incident(), notification));
    assertThat(last.values()).as("seed " + seed).allMatch(Notification::isResolved);
    for (Notification notification : rig.told) {
      assertThat(notification.firing() + notification.resolved()).isGreaterThan(0);
    }
  }

  private void step(Random random) {
    String key = "ABC".charAt(random.nextInt(NAMES)) + String.valueOf(random.nextInt(TARGETS));
    switch (random.nextInt(10)) {
      case 0, 1, 2, 3 -> {
        if (!firing.containsKey(key)) {
          firing.put(key, rig.fire(labels(key)));
        }
      }
      case 4, 5, 6 -> {
        if (firing.remove(key) != null) {
          rig.resolve(labels(key));
        }
      }
      case 7 -> {
        String target = key.substring(1);
        if (silenced.remove(target) != null) {
          rig.expire(target);
        } else {
          silenced.put(target, true);
          rig.silence(target, "target", target, "1d");
        }
      }
      case 8 -> {
        if (firing.containsKey(key)) {
          rig.ack(firing.get(key));
        }
      }
      default -> restart(random, key);
    }
  }

  /** While it is away an alert may end or begin. */
  private void restart(Random random, String key) {
    if (random.nextBoolean()) {
      firing.remove(key);
    } else if (!firing.containsKey(key)) {
      firing.put(key, rig.alert(AlertState.FIRING, labels(key)));
    }
    rig.restart(new ArrayList<>(firing.values()));
  }

  /** Whatever fires and is not silenced is on exactly one open card; no card is of nothing. */
  private void check(String when) {
    for (String key : firing.keySet()) {
      if (silenced.containsKey(key.substring(1))) {
        continue;
      }
      String fingerprint = firing.get(key).fingerprint();
      assertThat(
              rig.open.values().stream()
                  .flatMap(n -> n.in(AlertState.FIRING).stream())
                  .filter(a -> a.fingerprint().equals(fingerprint)))
          .as(when + ": " + key)
          .hasSize(1);
    }
    for (Notification notification : rig.open.values()) {
      for (Alert alert : notification.in(AlertState.FIRING)) {
        boolean fires =
            firing.values().stream().anyMatch(f -> f.fingerprint().equals(alert.fingerprint()));
        assertThat(fires || notification.mark(alert).flapping() != null)
            .as(when + ": " + alert.labels())
            .isTrue();
      }
    }
  }
}
