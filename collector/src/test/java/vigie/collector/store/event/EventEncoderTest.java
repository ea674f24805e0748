package vigie.collector.store.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.Unpooled;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.net.EventLoops;
import vigie.base.net.Peer;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.base.time.ManualClock;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;
import vigie.collector.event.Events;
import vigie.collector.event.SyslogRecords;
import vigie.collector.receive.HeldSink;
import vigie.collector.receive.Limit;
import vigie.collector.receive.ReceiveLimits;
import vigie.collector.receive.Receiving;
import vigie.collector.receive.Records;

/** Foreign records as columns are the same events as each of them alone, stored or not. */
class EventEncoderTest {
  private static final Instant ARRIVED = Instant.parse("2026-11-21T12:00:00.123456789Z");
  private static final Instant RECEIVED = Instant.parse("2026-11-21T12:00:01.654321Z");
  private static final Peer PEER = new Peer("192.0.2.7", "", "");

  private final EventLoops loops = EventLoops.nio(1, "test-records");

  @AfterEach
  void stop() {
    loops.close();
  }

  @ParameterizedTest
  @CsvSource({"1024,''", "1024,web01", "8,''", "3000,''"})
  void givenAnyRecords_whenEncodedAsColumns_thenTheyAreAsEachAlone(int fieldBytes, String bound)
      throws IOException {
    ReceiveLimits limits = ReceiveLimits.DEFAULTS.with(Limit.FIELD_BYTES, fieldBytes);
    ManualClock clock = new ManualClock();
    Receiving receiving =
        new Receiving(
            limits, new HeldSink(), Runnable::run, loops, clock, clock, new SimpleMeterRegistry());
    Records maker = new Records(limits, receiving.meters());
    Random random = new Random(5424);
    SyslogRecords records = new SyslogRecords();
    EventEncoder encoder = new EventEncoder();
    for (int round = 0; round < 20; round++) {
      List<byte[]> raws = raws(random);
      records.clear();
      List<Event> alone = new ArrayList<>();
      List<EventSink.Arrival> arrivals = new ArrayList<>();
      for (byte[] raw : raws) {
        records.frames().add(Unpooled.wrappedBuffer(raw), raw.length, random.nextInt(9) == 0);
      }
      SyslogParser parser = maker.parser();
      SyslogMessage message = parser.emptyMessage();
      int frame = 0;
      for (byte[] raw : raws) {
        if (raw.length == 0) {
          continue;
        }
        boolean cut = records.frames().isCut(frame);
        SyslogMessage own = parser.parse(raw, ARRIVED);
        boolean any =
            parser.parse(
                records.frames().bytes(),
                records.frames().start(frame),
                records.frames().end(frame),
                ARRIVED,
                message);
        frame++;
        assertThat(any).isEqualTo(own != null);
        if (own != null) {
          Event event = maker.foreign(own, ARRIVED, RECEIVED, PEER, bound, cut);
          alone.add(truncated(event));
          arrivals.add(maker.arrival(event, own, bound, cut));
          maker.addForeign(records, message, ARRIVED, PEER, bound, cut);
        }
      }
      records.received(RECEIVED);

      List<ByteBuffer> encoded = encoder.encode(records);

      assertThat(encoded).hasSize(alone.size());
      for (int i = 0; i < alone.size(); i++) {
        assertThat(records.event(i)).isEqualTo(alone.get(i));
        EventRecord stored = EventRecord.decode(encoded.get(i).slice());
        EventSink.Arrival arrival = arrivals.get(i);
        EventRecord before = new EventRecord(alone.get(i), arrival.raw());
        EventRecord expected = EventRecord.decode(before.encode());
        assertThat(stored.event()).isEqualTo(expected.event());
        assertThat(stored.raw()).isEqualTo(expected.raw());
        assertThat(new EventEncoder().encode(List.of(arrival)).get(0).slice())
            .isEqualTo(encoded.get(i).slice());
      }
    }
  }

  @Test
  void givenPlainRecord_whenEncoded_thenLittleIsAddedToIt() throws IOException {
    byte[] raw = "<13>1 2026-11-21T12:00:00Z web01 app 7 ID - x".getBytes(UTF_8);
    SyslogRecords records = new SyslogRecords();
    records.frames().add(Unpooled.wrappedBuffer(raw), raw.length, false);
    SyslogMessage message =
        Objects.requireNonNull(new SyslogParser(java.time.ZoneOffset.UTC).parse(raw, ARRIVED));
    ManualClock clock = new ManualClock();
    Receiving receiving =
        new Receiving(
            ReceiveLimits.DEFAULTS,
            new HeldSink(),
            Runnable::run,
            loops,
            clock,
            clock,
            new SimpleMeterRegistry());
    new Records(ReceiveLimits.DEFAULTS, receiving.meters())
        .addForeign(records, message, ARRIVED, PEER, "", false);

    assertThat(new EventEncoder().encode(records).get(0).remaining()).isEqualTo(raw.length + 9);
  }

  /**
   * The corpus, and lines made up, some with bytes of chance in them; one is larger than stored.
   */
  private static List<byte[]> raws(Random random) throws IOException {
    List<byte[]> raws = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    EventEncoderTest.class.getResourceAsStream("/syslog/given.jsonl")),
                UTF_8))) {
      ObjectMapper json = new ObjectMapper();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode row = json.readTree(line);
        raws.add(row.get("raw_b64").binaryValue());
      }
    }
    int given = raws.size();
    for (int i = 0; i < given; i++) {
      byte[] changed = raws.get(i).clone();
      if (changed.length > 0) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
      }
      raws.add(changed);
    }
    raws.add(("<13>1 2026-11-21T12:00:00Z " + "h".repeat(2_000) + " app - - - x").getBytes(UTF_8));
    raws.add(
        ("<13>1 2026-11-21T12:00:00Z h app - - - " + "é".repeat(EventRecord.LONGEST_TEXT))
            .getBytes(UTF_8));
    Collections.shuffle(raws, random);
    return raws;
  }

  /** As exact as it is stored. */
  private static Event truncated(Event event) {
    return Events.at(event, event.time(), RECEIVED);
  }
}
