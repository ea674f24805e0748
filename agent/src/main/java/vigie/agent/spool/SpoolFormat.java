package vigie.agent.spool;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import vigie.agent.event.Place;

/**
 * A record of the spool, big-endian:
 *
 * <pre>
 *  offset  bytes
 *       0      1  3, the version of this layout
 *       1      7  all events up to this seq were acknowledged when this one was written; its highest
 *                 bit says that the next record belongs to this one: both are there or none
 *       8      8  when it was taken, milliseconds since the epoch, for its age
 *      16      8  where the events begin that were lost: 0 if none were since this was last told,
 *                 positive while it is to be told, negated in the event that tells it
 *      24      8  when the kernel was started by the clock that stamped it, milliseconds since the
 *                 epoch; 0 where that clock was known to be right, or the kernel does not say
 *      32      8  all events up to this seq were synced when this one was written
 *      40      4  length P of the places
 *      44      P  places, each: 2 bytes length and UTF-8 of the source, the same of the cursor; of
 *                 a segment's first record those of all sources, else its own or none
 *  44 + P         the RFC 5424 record
 * </pre>
 *
 * Version 2 had no such bit. Version 1 had only what is up to offset 24, and the RFC 5424 record
 * there; its first byte is 0.
 */
final class SpoolFormat {
  static final int VERSION = 3;
  private static final int DATA_1 = 24;
  private static final int DATA_2 = 44;
  private static final int TAKEN = 8;
  private static final int LOST_FROM = 16;
  private static final int BOOTED = 24;
  private static final int SYNCED = 32;
  private static final int PLACES = 40;
  private static final long JOINED = 1L << 55;
  private static final long MARK = JOINED - 1;

  private SpoolFormat() {}

  /**
   * One event of the spool before it is bytes.
   *
   * @param joined whether the next one belongs to it
   * @param lostFrom see offset 16
   * @param booted see offset 24
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Entry(
      long seq,
      boolean joined,
      long takenMillis,
      long lostFrom,
      long booted,
      List<Place> places,
      byte[] data) {

    /** What its record takes, without the places of others. */
    int bytes() {
      return DATA_2 + data.length + places.stream().mapToInt(SpoolFormat::bytes).sum();
    }
  }

  /** What a place takes in a record. */
  static int bytes(Place place) {
    return 4 + utf8(place.source()).length + utf8(place.cursor()).length;
  }

  /**
   * @param acknowledged the mark of offset 0
   * @param synced the mark of offset 32
   * @param carried the places of all sources for the first record of a segment, else empty
   */
  static ByteBuffer encode(Entry entry, long acknowledged, long synced, Collection<Place> carried) {
    List<Place> places = new ArrayList<>(carried);
    places.addAll(entry.places); // behind what was carried, since the last of a source counts
    int room = DATA_2 + entry.data.length;
    for (Place place : places) {
      room += bytes(place);
    }
    ByteBuffer record = ByteBuffer.allocate(room);
    long mark = (acknowledged & MARK) | (entry.joined ? JOINED : 0);
    record.putLong((long) VERSION << 56 | mark);
    record.putLong(entry.takenMillis).putLong(entry.lostFrom).putLong(entry.booted);
    record.putLong(synced).putInt(0);
    for (Place place : places) {
      put(record, place.source());
      put(record, place.cursor());
    }
    record.putInt(PLACES, record.position() - DATA_2);
    return record.put(entry.data).flip();
  }

  private static void put(ByteBuffer record, String text) {
    byte[] bytes = utf8(text);
    record.putShort((short) bytes.length).put(bytes);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static long acknowledged(ByteBuffer record) {
    return record.getLong(0) & MARK;
  }

  /** Whether the next record belongs to it. */
  static boolean isJoined(ByteBuffer record) {
    return (record.getLong(0) & JOINED) != 0;
  }

  static long takenMillis(ByteBuffer record) {
    return record.getLong(TAKEN);
  }

  static long lostFrom(ByteBuffer record) {
    return record.getLong(LOST_FROM);
  }

  static long booted(ByteBuffer record) {
    return isFirstVersion(record) ? 0 : record.getLong(BOOTED);
  }

  /** Of a record of version 1 the greatest number, which takes all before it for synced. */
  static long synced(ByteBuffer record) {
    return isFirstVersion(record) ? Long.MAX_VALUE : record.getLong(SYNCED);
  }

  private static boolean isFirstVersion(ByteBuffer record) {
    return record.get(0) == 0;
  }

  /** Where the RFC 5424 record begins. */
  static int dataAt(ByteBuffer record) {
    return isFirstVersion(record) ? DATA_1 : DATA_2 + record.getInt(PLACES);
  }

  /** The places in it, in their order. */
  static List<Place> places(ByteBuffer record) {
    List<Place> places = new ArrayList<>();
    if (!isFirstVersion(record)) {
      ByteBuffer at = record.duplicate().limit(dataAt(record)).position(DATA_2);
      while (at.hasRemaining()) {
        places.add(new Place(text(at), text(at)));
      }
    }
    return places;
  }

  private static String text(ByteBuffer at) {
    byte[] bytes = new byte[at.getShort() & 0xffff];
    at.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
