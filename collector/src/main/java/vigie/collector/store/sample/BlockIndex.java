package vigie.collector.store.sample;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Labels;

/**
 * The index of a block, as its bytes:
 *
 * <pre>
 * 4 S, number of symbols, which are the names and values of labels, sorted, each once
 * 4 N, number of series, sorted by labels
 * 4 P, number of postings, sorted by name and value
 * 4 × (S + 1)   where each symbol begins in the texts; where the last ends
 * 4 × N         where each series begins in the entries
 * 12 × P        symbol of the name, symbol of the value, where the list begins in the lists
 * 4 each        length of the texts, the entries and the lists, which follow:
 * texts         UTF-8
 * entries       varint labels, each varint name, varint value; varint offset of the series' region in
 *               the file, varint its length; varint first sample - the block's from, varint last - first
 * lists         varint length, varints: the first series, then differences
 * </pre>
 *
 * Safe for all threads.
 */
final class BlockIndex implements LabelIndex {
  private static final int COUNTS = 12;
  private static final int POSTING = 12;
  private static final int[] NONE = {};

  private final ByteBuffer bytes;
  private final long from;
  private final int symbols;
  private final int series;
  private final int postings;
  private final int seriesAt;
  private final int postingsAt;
  private final int textsAt;
  private final int entriesAt;
  private final int listsAt;

  /** Texts that were asked for; racing threads may each make one. */
  private final @Nullable String[] texts;

  /**
   * @throws IllegalStateException if the bytes are no index
   */
  BlockIndex(byte[] index, long from) {
    this.bytes = ByteBuffer.wrap(index);
    this.from = from;
    this.symbols = bytes.getInt(0);
    this.series = bytes.getInt(4);
    this.postings = bytes.getInt(8);
    this.seriesAt = COUNTS + 4 * (symbols + 1);
    this.postingsAt = seriesAt + 4 * series;
    int lengthsAt = postingsAt + POSTING * postings;
    this.textsAt = lengthsAt + 12;
    this.entriesAt = textsAt + bytes.getInt(lengthsAt);
    this.listsAt = entriesAt + bytes.getInt(lengthsAt + 4);
    if (listsAt + bytes.getInt(lengthsAt + 8) != index.length) {
      throw new IllegalStateException("the index does not end where it says");
    }
    this.texts = new @Nullable String[symbols];
  }

  /** Where a series' samples are. */
  record Entry(Labels labels, long offset, int length, long first, long last) {}

  int size() {
    return series;
  }

  /** What it takes in memory, about. */
  long sizeBytes() {
    return 3L * bytes.capacity();
  }

  Entry entry(int number) {
    ByteBuffer in = at(entriesAt + bytes.getInt(seriesAt + 4 * number));
    Labels labels = labels(in);
    long offset = Buffer.varint(in);
    int length = (int) Buffer.varint(in);
    long first = from + Buffer.varint(in);
    return new Entry(labels, offset, length, first, first + Buffer.varint(in));
  }

  @Override
  public Labels labels(int number) {
    return labels(at(entriesAt + bytes.getInt(seriesAt + 4 * number)));
  }

  private Labels labels(ByteBuffer in) {
    String[] pairs = new String[2 * Buffer.count(in)];
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = text((int) Buffer.varint(in));
    }
    return Labels.ofSorted(pairs);
  }

  private ByteBuffer at(int position) {
    return bytes.duplicate().position(position);
  }

  private String text(int symbol) {
    String known = texts[symbol];
    if (known == null) {
      int start = bytes.getInt(COUNTS + 4 * symbol);
      int end = bytes.getInt(COUNTS + 4 * symbol + 4);
      known = new String(bytes.array(), textsAt + start, end - start, StandardCharsets.UTF_8);
      texts[symbol] = known;
    }
    return known;
  }

  @Override
  public int[] all() {
    int[] all = new int[series];
    Arrays.setAll(all, i -> i);
    return all;
  }

  @Override
  public int[] having(String name, String value) {
    int low = firstPosting(name, value);
    return low < postings && nameOf(low).equals(name) && valueOf(low).equals(value)
        ? list(low)
        : NONE;
  }

  @Override
  public void values(String name, BiConsumer<String, int[]> told) {
    for (int i = firstPosting(name, ""); i < postings && nameOf(i).equals(name); i++) {
      told.accept(valueOf(i), list(i));
    }
  }

  @Override
  public void eachName(Consumer<String> told) {
    for (int i = 0; i < postings; ) {
      String name = nameOf(i);
      told.accept(name);
      i = firstPosting(name + '\0', "");
    }
  }

  @Override
  public void eachValue(String name, Consumer<String> told) {
    for (int i = firstPosting(name, ""); i < postings && nameOf(i).equals(name); i++) {
      told.accept(valueOf(i));
    }
  }

  /** The first of the postings that is not before the label. */
  private int firstPosting(String name, String value) {
    int low = 0;
    int high = postings;
    while (low < high) {
      int middle = (low + high) >>> 1;
      int order = nameOf(middle).compareTo(name);
      if (order < 0 || (order == 0 && valueOf(middle).compareTo(value) < 0)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private String nameOf(int posting) {
    return text(bytes.getInt(postingsAt + POSTING * posting));
  }

  private String valueOf(int posting) {
    return text(bytes.getInt(postingsAt + POSTING * posting + 4));
  }

  private int[] list(int posting) {
    ByteBuffer in = at(listsAt + bytes.getInt(postingsAt + POSTING * posting + 8));
    int[] list = new int[Buffer.count(in)];
    int number = 0;
    for (int i = 0; i < list.length; i++) {
      number += (int) Buffer.varint(in);
      list[i] = number;
    }
    return list;
  }

  /** Makes an index from series in the order of their labels. */
  static final class Builder {
    private final long from;
    private final Map<String, Integer> symbols = new HashMap<>();
    private final List<String> texts = new ArrayList<>();

    /** Entries with symbols in the order in which they came. */
    private final Buffer entries = new Buffer(1 << 16);

    private int series;

    Builder(long from) {
      this.from = from;
    }

    void add(Labels labels, long offset, int length, long first, long last) {
      series++;
      entries.putVarint(labels.size());
      for (int i = 0; i < labels.size(); i++) {
        entries.putVarint(symbol(labels.name(i)));
        entries.putVarint(symbol(labels.value(i)));
      }
      entries.putVarint(offset);
      entries.putVarint(length);
      entries.putVarint(first - from);
      entries.putVarint(last - first);
    }

    private int symbol(String text) {
      Integer known = symbols.putIfAbsent(text, texts.size());
      if (known == null) {
        texts.add(text);
        return texts.size() - 1;
      }
      return known;
    }

    Buffer build() {
      Integer[] order = new Integer[texts.size()];
      Arrays.setAll(order, i -> i);
      Arrays.sort(order, (one, other) -> texts.get(one).compareTo(texts.get(other)));
      int[] rank = new int[order.length];
      for (int i = 0; i < order.length; i++) {
        rank[order[i]] = i;
      }
      int[] starts = new int[series];
      // Name and value as one number, which sorts as they do.
      Map<Long, Buffer> having = new TreeMap<>();
      Map<Long, int[]> counts = new HashMap<>();
      Buffer sorted = new Buffer(entries.length);
      ByteBuffer in = entries.view();
      for (int number = 0; number < series; number++) {
        starts[number] = sorted.length;
        int labels = (int) Buffer.varint(in);
        sorted.putVarint(labels);
        for (int i = 0; i < labels; i++) {
          int name = rank[(int) Buffer.varint(in)];
          int value = rank[(int) Buffer.varint(in)];
          sorted.putVarint(name);
          sorted.putVarint(value);
          Long label = (long) name << 32 | value;
          int[] count = counts.computeIfAbsent(label, key -> new int[2]); // how many, the last
          having.computeIfAbsent(label, key -> new Buffer(8)).putVarint(number - count[1]);
          count[0]++;
          count[1] = number;
        }
        for (int i = 0; i < 4; i++) {
          sorted.putVarint(Buffer.varint(in));
        }
      }
      Buffer index = new Buffer(2 * sorted.length);
      index.putInt(texts.size());
      index.putInt(series);
      index.putInt(having.size());
      Buffer text = new Buffer(1 << 16);
      for (int symbol : order) {
        index.putInt(text.length);
        byte[] utf8 = texts.get(symbol).getBytes(StandardCharsets.UTF_8);
        text.putBytes(utf8, 0, utf8.length);
      }
      index.putInt(text.length);
      for (int start : starts) {
        index.putInt(start);
      }
      Buffer lists = new Buffer(1 << 16);
      for (Map.Entry<Long, Buffer> posting : having.entrySet()) {
        index.putLong(posting.getKey());
        index.putInt(lists.length);
        int[] count = counts.getOrDefault(posting.getKey(), NONE);
        lists.putVarint(count[0]);
        lists.putBytes(posting.getValue().bytes, 0, posting.getValue().length);
      }
      index.putInt(text.length);
      index.putInt(sorted.length);
      index.putInt(lists.length);
      for (Buffer part : List.of(text, sorted, lists)) {
        index.putBytes(part.bytes, 0, part.length);
      }
      return index;
    }
  }
}
