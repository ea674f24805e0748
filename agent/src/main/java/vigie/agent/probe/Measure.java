package vigie.agent.probe;

import java.util.List;

/**
 * A gauge that runs of a prober may give, named as blackbox_exporter does where it has it.
 *
 * @param labelNames besides {@code probe} and {@code target}, which every sample gets
 */
public record Measure(String name, String help, List<String> labelNames) {
  public Measure {
    labelNames = List.copyOf(labelNames);
  }

  /** A measure with these labels of its own. */
  public static Measure of(String name, String help, String... labelNames) {
    return new Measure(name, help, List.of(labelNames));
  }

  /** A value of it: a count, a size or a time, which a double holds exactly up to 2^53. */
  public Sample sample(long value, String... labelValues) {
    return sample((double) value, labelValues);
  }

  /** A value of it. */
  public Sample sample(double value, String... labelValues) {
    return new Sample(this, List.of(labelValues), value);
  }

  /**
   * One value that a run gave.
   *
   * @param labelValues in the order of the measure's names
   */
  public record Sample(Measure measure, List<String> labelValues, double value) {
    public Sample {
      labelValues = List.copyOf(labelValues);
      if (labelValues.size() != measure.labelNames.size()) {
        throw new IllegalStateException(
            "BUG: " + measure.name + " has " + measure.labelNames + " but got " + labelValues);
      }
    }
  }
}
