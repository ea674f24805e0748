package vigie.agent.source;

import com.google.re2j.Matcher;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The series of one pattern, {@code vigie_log_matches_total{pattern,…}} and where it has a value
 * {@code vigie_log_value_sum} and {@code _count}. Beyond its limit of series the rest counts under
 * the label values {@code other}. Safe for all threads.
 */
final class LogCounts {
  private static final String OTHER = "other";

  private final PatternConfig pattern;
  private final MeterRegistry meters;
  private final Counter limited;
  private final List<LabelText> labels;
  private final Map<List<String>, Series> series = new HashMap<>(); // guarded by this

  private record Series(Counter matches, @Nullable DistributionSummary value) {}

  LogCounts(PatternConfig pattern, MeterRegistry meters) {
    this.pattern = pattern;
    this.meters = meters;
    labels = pattern.labels().values().stream().map(LabelText::of).toList();
    limited =
        Counter.builder("vigie.log.series.limited")
            .description("Matches counted under other, as their pattern has its limit of series.")
            .register(meters);
  }

  /** Shows a zero where the labels are known beforehand, so that the first match is a step. */
  synchronized void show() {
    if (pattern.labels().isEmpty()) {
      series.computeIfAbsent(List.of(), this::register);
    }
  }

  synchronized void count(Matcher found) {
    List<String> values = new ArrayList<>(pattern.labels().size());
    for (LabelText text : labels) {
      values.add(text.of(pattern.match().groups(), found));
    }
    Series one = series.get(values);
    if (one == null) {
      if (series.size() >= pattern.limit()) {
        limited.increment();
        values.replaceAll(value -> OTHER);
      }
      one = series.computeIfAbsent(List.copyOf(values), this::register);
    }
    one.matches.increment();
    DistributionSummary summary = one.value;
    if (summary != null) {
      record(summary, group(pattern.value(), found));
    }
  }

  private static void record(DistributionSummary summary, String text) {
    try {
      if (!text.isEmpty()) {
        summary.record(Double.parseDouble(text));
      }
    } catch (NumberFormatException e) {
      // A dash or the like: the line counts, its value does not.
    }
  }

  private Series register(List<String> values) {
    Tags tags = Tags.of("pattern", pattern.name());
    int i = 0;
    for (String label : pattern.labels().keySet()) {
      tags = tags.and(label, values.get(i++));
    }
    return new Series(
        Counter.builder("vigie.log.matches")
            .description("Lines that a pattern matched.")
            .tags(tags)
            .register(meters),
        pattern.value().isEmpty()
            ? null
            : DistributionSummary.builder("vigie.log.value")
                .description("Numbers in lines that a pattern matched.")
                .tags(tags)
                .register(meters));
  }

  private String group(String field, Matcher found) {
    return LabelText.group(pattern.match().groups().get(field), found);
  }
}
