package vigie.collector.receive.remotewrite;

import java.util.Arrays;
import java.util.List;
import vigie.collector.label.Labels;

/** Makes labels of what a sender says. */
final class SeriesLabels {
  private SeriesLabels() {}

  /**
   * The labels of one series. As in Prometheus their order does not matter, every name of UTF-8 is
   * good, and an empty value is no label.
   *
   * @param sent name and value in turn
   * @throws IllegalArgumentException that says why they are none
   */
  static Labels of(List<String> sent) {
    String[] pairs = new String[sent.size()];
    int size = 0;
    boolean sorted = true;
    for (int i = 0; i < pairs.length; i += 2) {
      String name = sent.get(i);
      String value = sent.get(i + 1);
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a label has no name");
      }
      if (value.isEmpty()) {
        continue;
      }
      sorted &= size == 0 || pairs[size - 2].compareTo(name) < 0;
      pairs[size++] = name;
      pairs[size++] = value;
    }
    String[] filled = size == pairs.length ? pairs : Arrays.copyOf(pairs, size);
    Labels labels = sorted ? Labels.ofSorted(filled) : Labels.of(filled);
    if (labels.metricName().isEmpty()) {
      throw new IllegalArgumentException("there is no " + Labels.NAME);
    }
    return labels;
  }
}
