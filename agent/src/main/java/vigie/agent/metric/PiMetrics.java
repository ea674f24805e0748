package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import vigie.agent.reader.PiThrottleReader;

/** {@code vigie_rpi_throttled}: why a Raspberry Pi runs slower than it could. */
final class PiMetrics implements Subject {
  private static final int SINCE_BOOT = 16;
  private static final String[] WHAT = {
    "under_voltage", "frequency_capped", "throttled", "soft_temperature_limit"
  };

  private final Family throttled =
      Family.gauge(
          "vigie_rpi_throttled",
          "Whether the Raspberry Pi is (when=now) or was (when=since_boot) short of voltage or too"
              + " hot, by what.");
  private final Labels[] now = labels("now");
  private final Labels[] sinceBoot = labels("since_boot");
  private final PiThrottleReader reader;

  PiMetrics(PiThrottleReader reader) {
    this.reader = reader;
  }

  private static Labels[] labels(String when) {
    Labels[] labels = new Labels[WHAT.length];
    for (int i = 0; i < WHAT.length; i++) {
      labels[i] = Labels.of("what", WHAT[i], "when", when);
    }
    return labels;
  }

  @Override
  public String name() {
    return "rpi";
  }

  @Override
  public List<Family> families() {
    return List.of(throttled);
  }

  @Override
  public void collect() {
    reader.read();
    if (Double.isNaN(reader.bits())) {
      throttled.add(now[PiThrottleReader.UNDER_VOLTAGE], reader.alarm());
      return;
    }
    long bits = (long) reader.bits();
    for (int i = 0; i < WHAT.length; i++) {
      throttled.add(now[i], (double) ((bits >> i) & 1));
      throttled.add(sinceBoot[i], (double) ((bits >> (i + SINCE_BOOT)) & 1));
    }
  }
}
