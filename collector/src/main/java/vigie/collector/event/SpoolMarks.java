package vigie.collector.event;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of each agent's spool: which numbers were taken from it, and how far the
 * node's clock is off. At most {@value #MOST_SPOOLS} spools, the one not heard for longest goes
 * first. Not safe for several threads.
 */
public final class SpoolMarks {
  private static final int MOST_SPOOLS = 10_000;
  private static final int LONGEST_NAME = 256;

  /** What an event is. */
  public enum Verdict {
    /** Not seen before. */
    FRESH,
    /** Not seen before and more than five minutes old, by what is known of the node's clock. */
    LATE,
    /** Taken before. */
    KNOWN
  }

  /** Numbers of a spool, both ends included. */
  record Hole(long from, long to) {}

  private record Key(String node, String spool) {}

  private final Map<Key, SpoolMark> spools =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, SpoolMark> eldest) {
          return size() > MOST_SPOOLS;
        }
      };

  private @Nullable Hole opened;
  private long elsewhere;

  /** What {@link #take} would say of the event; changes nothing. */
  public Verdict verdict(Event event) {
    Event.Origin origin = origin(event);
    SpoolMark mark = origin == null ? null : spools.get(new Key(event.node(), origin.spool()));
    if (mark != null && origin != null && mark.has(origin.seq())) {
      return Verdict.KNOWN;
    }
    return (mark == null ? NodeClock.isLateByDefault(event) : mark.clock.isLate(event))
        ? Verdict.LATE
        : Verdict.FRESH;
  }

  /** Takes the event; one that has no origin is never known. */
  public Verdict take(Event event) {
    Verdict verdict = verdict(event);
    Event.Origin origin = origin(event);
    opened = null;
    if (verdict == Verdict.KNOWN || origin == null) {
      return verdict;
    }
    SpoolMark mark =
        spools.computeIfAbsent(
            new Key(event.node(), origin.spool()), key -> new SpoolMark(origin.seq() - 1));
    opened = mark.take(origin.seq());
    elsewhere = 0;
    if (opened != null) {
      opened = withoutElsewhere(mark, opened, settled(event));
    }
    if (event.type().equals("agent.gap")) {
      Hole lost = lost(event, origin.seq());
      if (lost != null) {
        mark.fill(lost);
        boolean told = opened != null && lost.from() <= opened.from() && lost.to() >= opened.to();
        // Numbers that a crash cut off while they were written: hardly any event had them.
        opened = told && event.field("reason").equals("torn") ? null : opened;
      }
    }
    mark.clock.heard(event);
    return verdict;
  }

  /** Closes the part of a hole that another collector may have taken; gives what is left of it. */
  private @Nullable Hole withoutElsewhere(SpoolMark mark, Hole hole, long settled) {
    long to = Math.min(hole.to(), settled);
    if (to < hole.from()) {
      return hole;
    }
    mark.fill(new Hole(hole.from(), to));
    elsewhere = to - hole.from() + 1;
    return to == hole.to() ? null : new Hole(to + 1, hole.to());
  }

  /** An agent with several collectors says up to which number one of them has its events. */
  private static long settled(Event event) {
    try {
      String said = event.field("elsewhere");
      return said.isEmpty() ? 0 : Long.parseLong(said);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /** How many numbers the last {@link #take} closed since another collector may have them. */
  long elsewhere() {
    return elsewhere;
  }

  /** The collector's own clock was stepped by so much. */
  void stepped(long byMillis) {
    spools.values().forEach(mark -> mark.clock.stepped(byMillis));
  }

  /** Takes all numbers up to {@code seq}, where the events themselves are not at hand. */
  public void known(String node, String spool, long seq) {
    Key key = new Key(node, spool);
    SpoolMark mark = spools.get(key);
    if (mark == null) {
      spools.put(key, new SpoolMark(seq));
    } else {
      mark.fill(new Hole(0, seq));
    }
  }

  /** The event's identity, null where it has none that could be remembered. */
  private static Event.@Nullable Origin origin(Event event) {
    Event.Origin origin = event.origin();
    return origin != null
            && origin.seq() > 0
            && origin.seq() < Long.MAX_VALUE
            && origin.spool().length() <= LONGEST_NAME
            && event.node().length() <= LONGEST_NAME
        ? origin
        : null;
  }

  /** The hole that the last {@link #take} left behind it, if it left one. */
  @Nullable Hole opened() {
    return opened;
  }

  /** The range that the event says was lost, always below its own number; null if it says none. */
  static @Nullable Hole lost(Event gap, long seq) {
    try {
      long from = Long.parseLong(gap.field("from"));
      long to = Math.min(Long.parseLong(gap.field("to")), seq - 1);
      return from >= 0 && from <= to ? new Hole(from, to) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** As bytes that {@link #decode} reads. */
  public byte[] encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(spools.size());
      for (Map.Entry<Key, SpoolMark> entry : spools.entrySet()) {
        out.writeUTF(entry.getKey().node());
        out.writeUTF(entry.getKey().spool());
        entry.getValue().write(out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode marks", e);
    }
    return bytes.toByteArray();
  }

  /**
   * The marks that {@link #encode} wrote.
   *
   * @throws IllegalArgumentException if the bytes are not what {@link #encode} made
   */
  public static SpoolMarks decode(byte[] bytes) {
    SpoolMarks marks = new SpoolMarks();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int count = in.readInt();
      for (int i = 0; i < count; i++) {
        marks.spools.put(new Key(in.readUTF(), in.readUTF()), SpoolMark.read(in));
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("these are no marks: " + e.getMessage(), e);
    }
    return marks;
  }
}
