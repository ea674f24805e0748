package vigie.collector.store.sample;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Labels;

/** The index of the head; a series' number is its slot. Not safe for several threads. */
final class Postings implements LabelIndex {
  private static final int[] NONE = {};

  private final Map<String, Values> byName = new HashMap<>();
  private final Numbers all = new Numbers("");
  private @Nullable HeadSeries[] slots = new @Nullable HeadSeries[64];
  private int nextSlot;

  /** Adds a series and gives it its slot; its labels then share their strings with others. */
  void add(HeadSeries series) {
    series.slot = freeSlot();
    slots[series.slot] = series;
    all.add(series.slot);
    Labels labels = series.labels;
    Map<String, String> canonical = new HashMap<>();
    for (int i = 0; i < labels.size(); i++) {
      Values values = byName.computeIfAbsent(labels.name(i), Values::new);
      Numbers numbers = values.having.computeIfAbsent(labels.value(i), Numbers::new);
      numbers.add(series.slot);
      canonical.put(numbers.value, numbers.value);
      canonical.put(values.name, values.name);
    }
    labels.shareStrings(text -> canonical.getOrDefault(text, text));
  }

  private int freeSlot() {
    while (nextSlot < slots.length && slots[nextSlot] != null) {
      nextSlot++;
    }
    if (nextSlot == slots.length) {
      slots = Arrays.copyOf(slots, 2 * slots.length);
    }
    return nextSlot;
  }

  void remove(Iterable<HeadSeries> gone) {
    BitSet numbers = new BitSet();
    Map<String, Map<String, Boolean>> touched = new HashMap<>();
    for (HeadSeries series : gone) {
      numbers.set(series.slot);
      slots[series.slot] = null;
      nextSlot = Math.min(nextSlot, series.slot);
      Labels labels = series.labels;
      for (int i = 0; i < labels.size(); i++) {
        touched.computeIfAbsent(labels.name(i), name -> new HashMap<>()).put(labels.value(i), true);
      }
    }
    all.remove(numbers);
    touched.forEach(
        (name, values) -> {
          Values known = byName.get(name);
          for (String value : values.keySet()) {
            Numbers having = known == null ? null : known.having.get(value);
            if (known != null && having != null && having.remove(numbers)) {
              known.having.remove(value);
            }
          }
          if (known != null && known.having.isEmpty()) {
            byName.remove(name);
          }
        });
  }

  HeadSeries series(int slot) {
    return Objects.requireNonNull(slots[slot], "BUG: an empty slot");
  }

  @Override
  public int[] all() {
    return all.toArray();
  }

  @Override
  public int[] having(String name, String value) {
    Values values = byName.get(name);
    Numbers having = values == null ? null : values.having.get(value);
    return having == null ? NONE : having.toArray();
  }

  @Override
  public void values(String name, BiConsumer<String, int[]> told) {
    Values values = byName.get(name);
    if (values != null) {
      values.having.forEach((value, having) -> told.accept(value, having.toArray()));
    }
  }

  @Override
  public void eachName(Consumer<String> told) {
    byName.keySet().forEach(told);
  }

  @Override
  public void eachValue(String name, Consumer<String> told) {
    Values values = byName.get(name);
    if (values != null) {
      values.having.keySet().forEach(told);
    }
  }

  @Override
  public Labels labels(int slot) {
    return series(slot).labels;
  }

  /** The values of one label. */
  private static final class Values {
    final String name;
    final Map<String, Numbers> having = new HashMap<>();

    Values(String name) {
      this.name = name;
    }
  }

  /** Ascending numbers of the series with one value. */
  private static final class Numbers {
    final String value;
    private int[] numbers = new int[1];
    private int count;

    Numbers(String value) {
      this.value = value;
    }

    void add(int number) {
      if (count == numbers.length) {
        numbers = Arrays.copyOf(numbers, count + count / 2 + 1);
      }
      int place = count;
      if (count > 0 && numbers[count - 1] > number) {
        place = -Arrays.binarySearch(numbers, 0, count, number) - 1;
        System.arraycopy(numbers, place, numbers, place + 1, count - place);
      }
      numbers[place] = number;
      count++;
    }

    /** True if none is left. */
    boolean remove(BitSet gone) {
      int kept = 0;
      for (int i = 0; i < count; i++) {
        if (!gone.get(numbers[i])) {
          numbers[kept++] = numbers[i];
        }
      }
      count = kept;
      return kept == 0;
    }

    int[] toArray() {
      return Arrays.copyOf(numbers, count);
    }
  }
}
