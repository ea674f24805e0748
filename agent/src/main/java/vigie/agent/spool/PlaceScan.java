package vigie.agent.spool;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import vigie.agent.event.Place;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentReader;

/** Finds out, when a spool is opened, how far its sources were read. */
final class PlaceScan {
  private PlaceScan() {}

  /**
   * Reads the last segment, and those before it only where damage took the record that carries all.
   * Cuts off what a power cut left behind a hole in what was not synced yet, and at the end a part
   * of what was to be there as a whole: the sources bring both again.
   *
   * @param into takes what is found, the newest of each source last
   */
  static void read(SegmentLog segments, PlaceMap into) throws IOException {
    List<Long> starts = segments.segmentStarts();
    int from = starts.size() - 1;
    while (from > 0 && !startsWhole(segments, starts.get(from))) {
      from--;
    }
    TreeMap<Long, List<Place>> found = new TreeMap<>();
    List<Long> holes = new ArrayList<>();
    Set<Long> joined = new HashSet<>();
    long synced = 0;
    long expected = from < 0 ? 1 : starts.get(from);
    try (SegmentReader at = segments.reader(expected)) {
      while (at.next()) {
        if (at.number() > expected) {
          holes.add(expected);
        }
        expected = at.number() + 1;
        synced = Math.max(synced, SpoolFormat.synced(at.record()));
        found.put(at.number(), SpoolFormat.places(at.record()));
        if (SpoolFormat.isJoined(at.record())) {
          joined.add(at.number());
        }
      }
    }
    for (long hole : holes) {
      if (hole > synced) {
        // A power cut took this one and left what was written after it, whose places lie behind.
        cut(segments, hole, found);
        break;
      }
    }
    long end = found.isEmpty() ? 0 : found.lastKey();
    long whole = end;
    while (joined.contains(whole)) {
      whole--;
    }
    if (whole < end) {
      cut(segments, whole + 1, found);
    }
    found.values().forEach(each -> each.forEach(into::put));
    if (from < starts.size() - 1) {
      segments.skipTo(segments.nextNumber()); // a segment of its own carries all again
    }
  }

  private static void cut(SegmentLog segments, long from, TreeMap<Long, List<Place>> found)
      throws IOException {
    segments.cutFrom(from);
    found.tailMap(from).clear();
  }

  private static boolean startsWhole(SegmentLog segments, long start) throws IOException {
    try (SegmentReader at = segments.reader(start)) {
      return at.next() && at.number() == start;
    }
  }
}
