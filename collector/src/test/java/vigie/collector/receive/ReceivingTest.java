package vigie.collector.receive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.base.net.Peer;
import vigie.base.syslog.SyslogMessage;
import vigie.base.time.ManualClock;
import vigie.collector.event.Event;
import vigie.collector.event.SyslogRecords;

class ReceivingTest {
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final EventLoops loops = EventLoops.nio(1, "test-receiving");

  @AfterEach
  void stop() {
    loops.close();
  }

  private Receiving receiving(ReceiveLimits limits) {
    return new Receiving(limits, new HeldSink(), Runnable::run, loops, clock, clock, meters);
  }

  @Test
  void givenOneAddress_whenItHasAllItMay_thenItsNextIsRefusedUntilOneLeavesOrProvesItself()
      throws Exception {
    Receiving receiving = receiving(ReceiveLimits.DEFAULTS.with(Limit.CONNECTIONS_PER_ADDRESS, 2));
    InetAddress far = InetAddress.getByName("192.0.2.5");

    assertThat(receiving.admit(far)).isNull();
    assertThat(receiving.admit(far)).isNull();
    assertThat(receiving.admit(far)).isEqualTo(Limit.CONNECTIONS_PER_ADDRESS);
    assertThat(receiving.admit(InetAddress.getByName("192.0.2.6"))).isNull();
    receiving.left(far, false);
    assertThat(receiving.admit(far)).isNull();
    receiving.proved(far);
    assertThat(receiving.admit(far)).isNull();
    receiving.left(far, true);
    assertThat(receiving.admit(far)).isEqualTo(Limit.CONNECTIONS_PER_ADDRESS);
    assertThat(receiving.meters().hits(Limit.CONNECTIONS_PER_ADDRESS)).isEqualTo(2);
  }

  @Test
  void givenRecordsThatAreDone_whenTheyWereFewAndShort_thenTheirArraysAreFilledAgain() {
    Receiving receiving = receiving(ReceiveLimits.DEFAULTS);
    SyslogRecords few = filled(receiving.emptyRecords(), 10, 100);
    receiving.emptied(filled(receiving.emptyRecords(), 3_000, 1));
    receiving.emptied(filled(receiving.emptyRecords(), 1, 200_000));
    receiving.emptied(few);

    assertThat(receiving.emptyRecords()).isSameAs(few);
    assertThat(few.frames().count()).isZero();
    assertThat(receiving.emptyRecords()).isNotSameAs(few);
  }

  private static SyslogRecords filled(SyslogRecords records, int count, int bytes) {
    for (int i = 0; i < count; i++) {
      records.frames().add(Unpooled.wrappedBuffer(new byte[bytes]), bytes, false);
    }
    return records;
  }

  @Test
  void givenMoreSourcesThanAreKnownApart_whenNoneCanBeForgotten_thenTheOthersShareOne() {
    Turns turns = receiving(ReceiveLimits.DEFAULTS).turns();
    Turns.Source busy = turns.source("busy");
    busy.add(new Undone(), 1, 10);
    for (int i = 1; i < Turns.MOST_SOURCES; i++) {
      turns.source("192.0.2." + i);
    }

    assertThat(turns.source("one more")).isSameAs(turns.source("another"));
    assertThat(turns.source("busy")).isSameAs(busy);
    assertThat(turns.source("now the eldest is idle").name()).isEqualTo("now the eldest is idle");
  }

  @Test
  void givenFullSource_whenItsWorkIsDone_thenWhoWaitsLooksOnceHalfIsFree() {
    Turns turns = receiving(ReceiveLimits.DEFAULTS.with(Limit.SOURCE_BYTES, 100)).turns();
    Turns.Source source = turns.source("busy");
    AtomicInteger looks = new AtomicInteger();
    assertThat(source.whenRoomier(looks::incrementAndGet)).as("nothing to wait for").isFalse();
    source.add(new Undone(), 10, 100);
    assertThat(source.hasRoom()).isFalse();
    assertThat(source.whenRoomier(looks::incrementAndGet)).isTrue();

    source.done(40);
    assertThat(looks).hasValue(0);
    source.done(10);
    assertThat(looks).hasValue(1);
    source.done(50);
    assertThat(looks).hasValue(1);
  }

  @Test
  void givenAllSourcesTogetherTooMany_whenAnotherIsDone_thenWhoWaitsLooks() {
    Turns turns = receiving(ReceiveLimits.DEFAULTS.with(Limit.QUEUE_BYTES, 100)).turns();
    Turns.Source one = turns.source("one");
    Turns.Source other = turns.source("other");
    one.add(new Undone(), 1, 10);
    assertThat(one.isAlone(10)).isTrue();
    other.add(new Undone(), 1, 90);
    assertThat(one.isAlone(10)).isFalse();
    AtomicInteger looks = new AtomicInteger();
    assertThat(one.hasRoom()).isFalse();
    one.whenRoomier(looks::incrementAndGet);

    other.done(30);
    assertThat(looks).hasValue(0);
    other.done(30);
    assertThat(looks).hasValue(1);
  }

  @Test
  void givenThreadThatMayBlock_whenNothingElseWaits_thenItDoesTheWorkItself() {
    Deque<Runnable> executor = new ArrayDeque<>();
    Turns turns =
        new Receiving(
                ReceiveLimits.DEFAULTS, new HeldSink(), executor::add, loops, clock, clock, meters)
            .turns();
    Turns.Source one = turns.source("one");
    Undone first = new Undone();
    Undone second = new Undone();
    Undone third = new Undone();

    one.addOrTake(first, 1, 10);
    assertThat(first.taken).isTrue();
    one.addOrTake(second, 1, 10);
    assertThat(second.taken).as("the first is not durable yet").isFalse();
    executor.remove().run();
    assertThat(second.taken).isTrue();
    one.done(20);
    one.addOrTake(third, 1, 10);
    assertThat(third.taken).isTrue();
    assertThat(executor).as("nothing was left for it").isEmpty();

    Undone others = new Undone();
    turns.source("other").addOrTake(others, 1, 10);
    assertThat(others.taken).as("another source's is not durable yet").isFalse();
  }

  @Test
  void givenThreadThatDoesTheWorkItself_whenMoreComesMeanwhile_thenTheExecutorDoesThat() {
    Deque<Runnable> executor = new ArrayDeque<>();
    Turns turns =
        new Receiving(
                ReceiveLimits.DEFAULTS, new HeldSink(), executor::add, loops, clock, clock, meters)
            .turns();
    Turns.Source one = turns.source("one");
    Undone second = new Undone();
    Undone first =
        new Undone() {
          @Override
          public void take() {
            one.addOrTake(second, 1, 10);
            assertThat(second.taken).as("one after the other").isFalse();
          }
        };

    one.addOrTake(first, 1, 10);

    assertThat(second.taken).isFalse();
    executor.remove().run();
    assertThat(second.taken).isTrue();
    assertThat(executor).isEmpty();
  }

  /** Taken, and not durable for the time being. */
  private static class Undone implements Turns.Work {
    boolean taken;

    @Override
    public int size() {
      return 10;
    }

    @Override
    public void take() {
      taken = true;
    }

    @Override
    public void refused() {}
  }

  @Test
  void givenCertificate_whenItSpeaksForANode_thenOnlyForItsOwnUnlessARelay() {
    Senders senders = new Senders(Set.of("Relay.example"));
    Peer node = new Peer("192.0.2.5", "p1", "");
    Peer relay = new Peer("192.0.2.6", "relay.example", "");
    Peer plain = new Peer("127.0.0.1", "", "");

    assertThat(senders.mayTell(node, "P1")).isTrue();
    assertThat(senders.mayTell(node, "p2")).isFalse();
    assertThat(senders.mayTell(relay, "p2")).isTrue();
    assertThat(senders.mayTell(plain, "p2")).isTrue();
    assertThat(senders.boundTo(node)).isEqualTo("p1");
    assertThat(senders.boundTo(relay)).isEmpty();
  }

  @Test
  void givenLimits_whenRead_thenEachIsASettingAndAMetric() {
    Faults faults = new Faults();
    ReceiveLimits limits =
        ReceiveLimits.read(
            Yaml.parse(
                Path.of("c.yaml"),
                """
                record_bytes: 32KiB
                queue_bytes: 64MiB
                partial_timeout: 5s
                records_per_second: 1000
                """,
                Map.of(),
                faults));
    receiving(limits);

    assertThat(faults.all()).isEmpty();
    assertThat(limits.of(Limit.RECORD_BYTES)).isEqualTo(32 << 10);
    assertThat(limits.of(Limit.SOURCE_BYTES)).as("a quarter").isEqualTo(16 << 20);
    assertThat(limits.time(Limit.PARTIAL_TIMEOUT)).isEqualTo(Duration.ofSeconds(5));
    for (Limit limit : Limit.values()) {
      assertThat(meters.get("vigie.receive.limit").tag("limit", limit.key()).gauge().value())
          .as(limit.key())
          .isNotNaN();
      assertThat(limited(limit)).isZero();
    }
  }

  private double limited(Limit limit) {
    Meter meter = meters.get("vigie.receive.limited").tag("limit", limit.key()).meter();
    return meter.measure().iterator().next().getValue();
  }

  @Test
  void givenMoreThanBecomesFields_whenTaken_thenEachLimitIsCounted() {
    ReceiveLimits limits =
        ReceiveLimits.DEFAULTS
            .with(Limit.SD_ELEMENTS, 2)
            .with(Limit.SD_PARAMS, 3)
            .with(Limit.FIELD_BYTES, 8);
    Records records = new Records(limits, receiving(limits).meters());
    Peer peer = new Peer("192.0.2.5", "", "");
    for (String data :
        List.of(
            "[a x=\"1\"][b x=\"1\" y=\"2\"]", // just as many
            "[a x=\"1\"][b x=\"1\"][c x=\"1\"]",
            "[a x=\"1\" y=\"1\"][b x=\"1\" y=\"1\"]",
            "[a x=\"123456789\"]")) {
      String record = "<13>1 2026-01-01T00:00:00Z h a - - " + data + " text";
      SyslogMessage message = records.parser().parse(record.getBytes(UTF_8), clock.now());
      assertThat(message).isNotNull();
      records.foreign(message, clock.now(), clock.now(), peer, "", false);
    }
    assertThat(limited(Limit.SD_ELEMENTS)).isEqualTo(1);
    assertThat(limited(Limit.SD_PARAMS)).isEqualTo(1);
    assertThat(limited(Limit.FIELD_BYTES)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          <13>app: text                                    | ''      | false | {}
          <13>app[7]: text                                 | ''      | false | {procid=7}
          <13>app[7]: text                                 | ''      | true  | {procid=7, cut=true}
          <13>1 - h app 7 ID - text                        | ''      | false | {procid=7, msgid=ID}
          <13>1 - h app - ID - text                        | H       | false | {msgid=ID}
          <13>1 - h app - - - text                         | switch  | false | {host=h}
          <13>1 - h app 7 ID [a x="1" y=""][b x="2"] text  | switch  | true  | \
          {host=h, procid=7, msgid=ID, a.x=1, a.y=, b.x=2, cut=true}
          <13>1 - h app - - [a x="1"] text                 | ''      | false | {a.x=1}
          text                                             | ''      | true  | {cut=true}
          """)
  void givenAForeignRecord_whenTaken_thenItsFieldsAreWhatItSaysInOrder(
      String record, String bound, boolean cut, String fields) {
    ReceiveLimits limits = ReceiveLimits.DEFAULTS;
    Records records = new Records(limits, receiving(limits).meters());
    SyslogMessage message = records.parser().parse(record.getBytes(UTF_8), clock.now());
    assertThat(message).isNotNull();

    Event event =
        records.foreign(
            message, clock.now(), clock.now(), new Peer("192.0.2.5", "", ""), bound, cut);

    assertThat(event.fields()).hasToString(fields);
  }

  @Test
  void givenARecordWithoutATime_whenItIsTakenLongAfterItCame_thenItsTimeIsWhenItCame() {
    ReceiveLimits limits = ReceiveLimits.DEFAULTS;
    Records records = new Records(limits, receiving(limits).meters());
    Instant arrived = clock.now();
    SyslogMessage message = records.parser().parse("<13>app: text".getBytes(UTF_8), arrived);
    assertThat(message).isNotNull();
    clock.advance(Duration.ofSeconds(30));

    Event event =
        records.foreign(message, arrived, clock.now(), new Peer("192.0.2.5", "", ""), "", false);

    assertThat(event.time()).isEqualTo(arrived);
    assertThat(event.received()).isEqualTo(clock.now());
  }

  @Test
  void givenASourceWithMuchToTake_whenItsTurnIsOver_thenThatIsCounted() {
    Deque<Runnable> held = new ArrayDeque<>();
    Turns turns =
        new Receiving(
                ReceiveLimits.DEFAULTS.with(Limit.TURN_BYTES, 50),
                new HeldSink(),
                held::add,
                loops,
                clock,
                clock,
                meters)
            .turns();
    turns.source("busy").add(new Undone(), 1, 10);
    turns.source("busy").add(new Undone(), 1, 10);
    held.remove().run();
    assertThat(limited(Limit.TURN_BYTES)).isEqualTo(1);
    held.remove().run();
    assertThat(limited(Limit.TURN_BYTES)).isEqualTo(1);
  }

  @Test
  void givenDatagramsThatTheKernelDrops_whenRead_thenItsLimitWasMet() {
    receiving(ReceiveLimits.DEFAULTS).meters().kernelDrops(() -> 7);
    assertThat(limited(Limit.UDP_BUFFER_BYTES)).isEqualTo(7);
  }

  @Test
  void givenLimitsThatContradict_whenRead_thenAFault() {
    Faults faults = new Faults();
    ReceiveLimits.read(
        Yaml.parse(Path.of("c.yaml"), "declared_bytes: 1KiB\nrecrd_bytes: 1\n", Map.of(), faults));

    assertThat(faults.all().get(0)).startsWith("c.yaml:1:1: declared_bytes must be at least");
  }
}
