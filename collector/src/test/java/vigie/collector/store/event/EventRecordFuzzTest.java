package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import vigie.base.fuzz.FuzzContract;
import vigie.collector.event.Events;

/** Any record of the receive log is an event or is refused; what is written again is the same. */
class EventRecordFuzzTest extends FuzzContract {
  private static final long MOST_SECONDS = 9_000_000_000_000L;

  @Override
  protected List<byte[]> seeds() {
    return List.of(
        bytes(new EventRecord(Events.foreign("p1", "syslog", "text"), utf8("<13>text"))),
        bytes(new EventRecord(Events.foreign("p1", "syslog", "é\0"), utf8("<13>other"))),
        plain("<13>1 2026-01-01T00:00:00Z p1 app 7 ID - text"));
  }

  /** Below what names are cut at. */
  @Override
  protected int mostBytes() {
    return 300;
  }

  private static byte[] plain(String record) {
    byte[] raw = utf8(record);
    return ByteBuffer.allocate(9 + raw.length).put(EventRecord.PLAIN).putLong(1).put(raw).array();
  }

  private static byte[] bytes(EventRecord record) {
    ByteBuffer encoded = record.encode();
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return bytes;
  }

  @Override
  protected void feed(byte[] bytes) {
    EventRecord record;
    try {
      record = EventRecord.decode(ByteBuffer.wrap(bytes));
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      return;
    }
    if (isFar(record.event().time()) || isFar(record.event().received())) {
      return; // what is written is held to a range, see EventRecord.micros
    }
    EventRecord again = EventRecord.decode(record.encode());
    assertThat(again.event()).isEqualTo(record.event());
    assertThat(again.raw()).isEqualTo(record.raw());
  }

  private static boolean isFar(Instant time) {
    return Math.abs(time.getEpochSecond()) >= MOST_SECONDS;
  }
}
