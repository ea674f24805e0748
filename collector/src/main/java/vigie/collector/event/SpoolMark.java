package vigie.collector.event;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which numbers were taken from one spool: all up to a mark, and a few ranges above it. Between the
 * mark and the ranges lie holes, which {@code agent.gap} closes; past {@value #MOST_RANGES} ranges
 * the lowest hole is given up, since an agent sends in order and never goes back to it.
 */
final class SpoolMark {
  private static final int MOST_RANGES = 64;

  final NodeClock clock = new NodeClock();
  private long upTo;

  /** First to last number of each range; disjoint, never adjacent. */
  private final TreeMap<Long, Long> above = new TreeMap<>();

  SpoolMark(long upTo) {
    this.upTo = upTo;
  }

  boolean has(long seq) {
    if (seq <= upTo) {
      return true;
    }
    Map.Entry<Long, Long> range = above.floorEntry(seq);
    return range != null && seq <= range.getValue();
  }

  /** Takes a number that it has not; the hole that this leaves below it, if it is a new one. */
  SpoolMarks.@Nullable Hole take(long seq) {
    long highest = above.isEmpty() ? upTo : above.lastEntry().getValue();
    fill(new SpoolMarks.Hole(seq, seq));
    return seq > highest + 1 ? new SpoolMarks.Hole(highest + 1, seq - 1) : null;
  }

  /** Takes all numbers of the range, whichever it has. */
  void fill(SpoolMarks.Hole range) {
    long from = range.from();
    long to = range.to();
    Map.Entry<Long, Long> below = above.floorEntry(from);
    if (below != null && below.getValue() >= from - 1) {
      from = below.getKey();
      to = Math.max(to, below.getValue());
    }
    for (Map.Entry<Long, Long> next = above.ceilingEntry(from);
        next != null && next.getKey() <= to + 1;
        next = above.ceilingEntry(from)) {
      to = Math.max(to, next.getValue());
      above.remove(next.getKey());
    }
    above.put(from, to);
    while (!above.isEmpty() && (above.firstKey() <= upTo + 1 || above.size() > MOST_RANGES)) {
      upTo = Math.max(upTo, above.pollFirstEntry().getValue());
    }
  }

  void write(DataOutputStream out) throws IOException {
    out.writeLong(upTo);
    out.writeInt(above.size());
    for (Map.Entry<Long, Long> range : above.entrySet()) {
      out.writeLong(range.getKey());
      out.writeLong(range.getValue());
    }
    clock.write(out);
  }

  static SpoolMark read(DataInputStream in) throws IOException {
    SpoolMark mark = new SpoolMark(in.readLong());
    for (int ranges = in.readInt(); ranges > 0; ranges--) {
      mark.above.put(in.readLong(), in.readLong());
    }
    mark.clock.read(in);
    return mark;
  }
}
