package vigie.collector.inhibit;

import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Position;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * While an alert that fits the source fires, those that fit the target are told to nobody, if both
 * have the same value in each label of {@code equal}. Source: the {@code inhibit_rule} section of
 * Alertmanager's configuration reference.
 *
 * @param equal label names; a label that is absent is equal to an empty one
 * @param position where it stands; null where no file names it
 */
public record InhibitRule(
    List<LabelMatcher> source,
    List<LabelMatcher> target,
    List<String> equal,
    @Nullable Position position) {
  public InhibitRule {
    source = List.copyOf(source);
    target = List.copyOf(target);
    equal = List.copyOf(equal);
  }

  boolean isSource(Labels labels) {
    return source.stream().allMatch(matcher -> matcher.matches(labels));
  }

  boolean isTarget(Labels labels) {
    return target.stream().allMatch(matcher -> matcher.matches(labels));
  }

  List<String> equalValues(Labels labels) {
    return equal.stream().map(labels::get).toList();
  }
}
