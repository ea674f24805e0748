package vigie.collector.event;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import vigie.base.syslog.SyslogFrames;
import vigie.collector.event.EventSink.Arrival;

/**
 * Foreign records that one source sent in one go, as columns: in a storm a record is no object
 * before somebody asks for its event. First it is filled with what came, {@link #frames}, then with
 * what is to be stored of that, {@link #add}. To be filled again after {@link #clear}, which keeps
 * the arrays. For one thread at a time.
 */
public final class SyslogRecords {
  private final SyslogFrames frames = new SyslogFrames();
  private Instant received = Instant.EPOCH;
  private int count;
  private long[] micros = {};
  private int[] starts = {};
  private int[] ends = {};
  private int[] textBytes = {};
  private byte[] pris = {};
  private String[] nodes = {};
  private String[] apps = {};

  /** Name, value, name, value … of all records together. */
  private String[] pairs = {};

  private int[] pairEnds = {};
  private final BitSet plains = new BitSet();
  private final BitSet late = new BitSet();

  /** What came, of which each record is a part. */
  public SyslogFrames frames() {
    return frames;
  }

  /** When the collector took them, by its own clock; exact to the microsecond. */
  public Instant received() {
    return received;
  }

  public void received(Instant now) {
    received = now;
  }

  /**
   * Adds a record.
   *
   * @param timeMicros since the epoch
   * @param pri facility × 8 + severity, 0 to 191
   * @param start of the record in the frames' bytes
   * @param end of it, and of its text, without trailing LF, CR and NUL
   * @param text how many bytes at its end are the text
   * @param fields name, value, name, value …; no name twice; not kept
   * @param plain whether {@link Event#ofPlain} makes the same event of the record alone
   */
  public void add(
      long timeMicros,
      int pri,
      String node,
      String app,
      int start,
      int end,
      int text,
      String[] fields,
      boolean plain) {
    if (count == starts.length) {
      grow(Math.max(frames.count(), count + 1));
    }
    int at = firstPair(count);
    if (at + fields.length > pairs.length) {
      pairs = Arrays.copyOf(pairs, Math.max(at + fields.length, 2 * pairs.length));
    }
    System.arraycopy(fields, 0, pairs, at, fields.length);
    pairEnds[count] = at + fields.length;
    micros[count] = timeMicros;
    pris[count] = (byte) pri;
    nodes[count] = node;
    apps[count] = app;
    starts[count] = start;
    ends[count] = end;
    textBytes[count] = text;
    plains.set(count, plain);
    count++;
  }

  private void grow(int to) {
    micros = Arrays.copyOf(micros, to);
    pris = Arrays.copyOf(pris, to);
    nodes = Arrays.copyOf(nodes, to);
    apps = Arrays.copyOf(apps, to);
    starts = Arrays.copyOf(starts, to);
    ends = Arrays.copyOf(ends, to);
    textBytes = Arrays.copyOf(textBytes, to);
    pairEnds = Arrays.copyOf(pairEnds, to);
  }

  private int firstPair(int index) {
    return index == 0 ? 0 : pairEnds[index - 1];
  }

  /** How many are to be stored. */
  public int count() {
    return count;
  }

  public long timeMicros(int index) {
    return micros[index];
  }

  /** 0 to 23. */
  public int facility(int index) {
    return (pris[index] & 0xff) >> 3;
  }

  /** 0 to 7. */
  public int severity(int index) {
    return pris[index] & 7;
  }

  public String node(int index) {
    return nodes[index];
  }

  public String app(int index) {
    return apps[index];
  }

  /** Where the record begins in the frames' bytes. */
  public int start(int index) {
    return starts[index];
  }

  /** How many bytes it has. */
  public int length(int index) {
    return ends[index] - starts[index];
  }

  /** How many bytes at its end are its text. */
  public int textBytes(int index) {
    return textBytes[index];
  }

  /** How many fields it has. */
  public int fields(int index) {
    return (pairEnds[index] - firstPair(index)) / 2;
  }

  public String fieldName(int index, int field) {
    return pairs[firstPair(index) + 2 * field];
  }

  public String fieldValue(int index, int field) {
    return pairs[firstPair(index) + 2 * field + 1];
  }

  /** Whether {@link Event#ofPlain} makes the same event of the record alone. */
  public boolean isPlain(int index) {
    return plains.get(index);
  }

  /** A record as an event of its own. */
  public Event event(int index) {
    return new Event(
        Instant.EPOCH.plus(micros[index], ChronoUnit.MICROS),
        received,
        nodes[index],
        facility(index),
        severity(index),
        apps[index],
        "syslog",
        Event.fields(Arrays.copyOfRange(pairs, firstPair(index), pairEnds[index])),
        EventText.endOf(
            Arrays.copyOfRange(frames.bytes(), ends[index] - textBytes[index], ends[index]),
            textBytes[index]),
        null);
  }

  /** The same with what it came as. */
  public Arrival arrival(int index) {
    byte[] raw = Arrays.copyOfRange(frames.bytes(), starts[index], ends[index]);
    return new Arrival(event(index), raw, textBytes[index], plains.get(index));
  }

  /** All of them, for who takes no columns. */
  public List<Arrival> arrivals() {
    List<Arrival> all = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      all.add(arrival(i));
    }
    return all;
  }

  /** Finds out which are history, once the time of receipt is settled. */
  void findLate() {
    long at = received.toEpochMilli();
    for (int i = 0; i < count; i++) {
      late.set(i, NodeClock.isLateByDefault(at, Math.floorDiv(micros[i], 1_000L)));
    }
  }

  boolean isLate(int index) {
    return late.get(index);
  }

  /** Behind the records of one node, all of them late or none, that begin there. */
  int endOfRun(int from) {
    int to = from + 1;
    while (to < count && late.get(to) == late.get(from) && nodes[to].equals(nodes[from])) {
      to++;
    }
    return to;
  }

  SyslogRun run(int from, int to) {
    return new SyslogRun() {
      @Override
      public int size() {
        return to - from;
      }

      @Override
      public String app(int index) {
        return apps[from + index];
      }

      @Override
      public Event event(int index) {
        return SyslogRecords.this.event(from + index);
      }
    };
  }

  public void clear() {
    frames.clear();
    count = 0;
  }
}
