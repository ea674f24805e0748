package vigie.agent.spool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.time.ManualClock;

class SpoolTest {
  private static final Path FOLDER = Path.of("/spool");
  private static final Host HOST =
      new Host("p1", "boot-1", "machine-1", "serial-1", List.of("m1"), Path.of("/none"));

  private final ManualClock clock = new ManualClock();
  private final ForgetfulFiles files = new ForgetfulFiles(1);
  private SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private Spool open(Host host) {
    meters = new SimpleMeterRegistry();
    SpoolConfig config = new SpoolConfig(FOLDER, 1 << 20, Duration.ofDays(7));
    return Spool.open(config, host, clock, clock, Runnable::run, files, meters);
  }

  private Spool open() {
    return open(HOST);
  }

  private Event event(EventType type, String text) {
    return new Event(clock.now(), Severity.ERROR, type, Map.of("probe", "calc"), text);
  }

  private static List<String> texts(Spool spool) {
    List<String> texts = new ArrayList<>();
    for (SpoolRecord record : spool.read(spool.acknowledged(), 10_000, 1 << 24)) {
      String line = new String(record.data(), UTF_8);
      assertThat(line).contains(" seq=\"" + record.seq() + "\" ");
      texts.add(record.seq() + line.substring(line.lastIndexOf(']') + 1));
    }
    return texts;
  }

  private double count(String name, String... tags) {
    return meters.get(name).tags(tags).counter().count();
  }

  @Test
  void givenEvent_whenRead_thenItIsTheRecordOfTheWire() {
    Spool spool = open();
    spool.accept(event(EventType.PROBE_DOWN, "calc is down: connection refused"));
    assertThat(new String(spool.read(0, 10, 1000).get(0).data(), UTF_8))
        .isEqualTo(
            "<131>1 2026-01-01T00:00:00.000000Z p1 vigie "
                + ProcessHandle.current().pid()
                + " probe.down [vigie@32473 node=\"p1\" spool=\""
                + spool.identity()
                + "\" seq=\"1\" boot=\"boot-1\" type=\"probe.down\" probe=\"calc\"]"
                + "[timeQuality tzKnown=\"1\"] calc is down: connection refused");
  }

  @Test
  void givenUrgentEvent_whenPowerIsCut_thenItIsThere() {
    open().accept(event(EventType.PROBE_DOWN, "down"));
    files.powerCut(Forget.ALL);
    assertThat(texts(open())).containsExactly("1 down");
  }

  @Test
  void givenRoutineEvents_whenASecondPasses_thenOneSyncServesAll() {
    Spool spool = open();
    List<Long> told = new ArrayList<>();
    spool.onAppend(() -> told.add(spool.last()));
    long before = files.syncs();
    for (int i = 1; i <= 5; i++) {
      spool.accept(event(EventType.PROBE_SLOW, "slow " + i));
    }
    assertThat(texts(spool)).isEmpty();
    clock.advance(Duration.ofSeconds(1));
    assertThat(texts(spool)).hasSize(5);
    assertThat(told).containsExactly(5L);
    assertThat(files.syncs() - before).isEqualTo(3); // identity, the new segment, the events
    files.powerCut(Forget.ALL);
    assertThat(texts(open())).hasSize(5);
  }

  @Test
  void givenNothingHappens_whenTimePasses_thenNothingIsWritten() {
    Spool spool = open();
    spool.accept(event(EventType.PROBE_DOWN, "down"));
    long writes = files.writes();
    long syncs = files.syncs();
    spool.acknowledge(1);
    clock.advance(Duration.ofDays(30));
    assertThat(files.writes()).isEqualTo(writes);
    assertThat(files.syncs()).isEqualTo(syncs);
  }

  @Test
  void givenEverythingAcknowledged_whenReopened_thenSeqGoesOn() {
    Spool spool = open();
    for (int i = 0; i < 3; i++) {
      spool.accept(event(EventType.PROBE_UP, "up"));
      spool.acknowledge(spool.last());
    }
    spool.close();
    Spool again = open();
    assertThat(again.identity()).isEqualTo(spool.identity());
    assertThat(again.acknowledged()).isEqualTo(2); // its own event is the first to carry the mark
    again.accept(event(EventType.PROBE_UP, "next"));
    assertThat(texts(again)).containsExactly("3 up", "4 next");
  }

  @Test
  void givenOtherMachine_whenOpened_thenIdentityIsNewAndSeqGoesOn() {
    Spool spool = open();
    spool.accept(event(EventType.PROBE_UP, "one"));
    spool.close();
    Host clone = new Host("p2", "boot-9", "machine-1", "serial-2", List.of("m2"), Path.of("/none"));
    Spool other = open(clone);
    assertThat(other.identity()).isNotEqualTo(spool.identity());
    other.accept(event(EventType.PROBE_UP, "two"));
    assertThat(texts(other)).containsExactly("1 one", "2 two");
    other.close();
    assertThat(open(clone).identity()).isEqualTo(other.identity());
  }

  private long fillUntilLost(Spool spool, int segments) {
    double before = count("vigie.spool.dropped", "reason", "full");
    int dropped = 0;
    while (dropped < segments) {
      spool.accept(event(EventType.PROBE_UP, "x".repeat(1000)));
      double now = count("vigie.spool.dropped", "reason", "full");
      dropped += now > before ? 1 : 0;
      before = now;
    }
    return spool.acknowledged();
  }

  private static List<String> gaps(Spool spool) {
    return texts(spool).stream().filter(text -> text.contains(" lost: ")).toList();
  }

  @Test
  void givenFullSpool_whenTheCollectorIsBack_thenTheOldestAreGoneAndOneGapTellsIt() {
    Spool spool = open();
    long lost = fillUntilLost(spool, 5);
    assertThat(texts(spool).get(0)).startsWith((lost + 1) + " x");
    assertThat(count("vigie.spool.dropped", "reason", "full")).isEqualTo((double) lost);
    assertThat(meters.get("vigie.spool.bytes").gauge().value()).isLessThan(1 << 20);
    assertThat(gaps(spool)).isEmpty();
    long last = spool.last();
    spool.acknowledge(lost + 1);
    spool.acknowledge(lost + 2);
    assertThat(gaps(spool))
        .containsExactly((last + 1) + " events 1 to " + lost + " are lost: the spool was full");
  }

  @Test
  void givenLoss_whenThePowerIsCut_thenItIsToldAfterwards() {
    Spool spool = open();
    long lost = fillUntilLost(spool, 3);
    files.powerCut(Forget.ALL);
    Spool again = open();
    again.acknowledge(lost + 1);
    assertThat(gaps(again)).hasSize(1).first().asString().contains(" events 1 to " + lost + " are");
    again.close();
    Spool third = open();
    third.acknowledge(lost + 5);
    assertThat(gaps(third)).hasSize(1);
  }

  @Test
  void givenGapEventItselfLost_whenNextGapIsTold_thenItBeginsWhereThatDid() {
    Spool spool = open();
    spool.acknowledge(fillUntilLost(spool, 1) + 1);
    assertThat(gaps(spool)).hasSize(1);
    spool.close();
    Spool again = open();
    long lost = fillUntilLost(again, 20);
    again.acknowledge(lost + 1);
    assertThat(gaps(again)).hasSize(1).first().asString().contains(" events 1 to " + lost + " are");
  }

  @Test
  void givenOldEvents_whenTheyAreTooOld_thenTheyGoAndAGapIsTold() {
    Spool spool = open();
    spool.accept(event(EventType.PROBE_DOWN, "old"));
    clock.advance(Duration.ofDays(8));
    assertThat(texts(spool))
        .containsExactly("2 events 1 to 1 are lost: they waited too long in the spool");
    assertThat(count("vigie.spool.dropped", "reason", "age")).isEqualTo(1);
  }

  @Test
  void givenSteppedClock_whenTimePasses_thenNothingIsTooOld() {
    Spool spool = open();
    spool.accept(event(EventType.PROBE_DOWN, "down"));
    clock.step(Duration.ofDays(400));
    clock.advance(Duration.ofHours(2));
    assertThat(texts(spool)).containsExactly("1 down");
  }

  @Test
  void givenFullDisk_whenThereIsRoomAgain_thenItGoesOn() {
    Spool spool = open();
    spool.accept(event(EventType.PROBE_DOWN, "one"));
    files.setSpaceBytes(0);
    assertThatThrownBy(() -> spool.accept(event(EventType.PROBE_UP, "two")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(
            "cannot write segment /spool/00000000000000000001.seg: No space left");
    files.setSpaceBytes(Long.MAX_VALUE);
    spool.accept(event(EventType.PROBE_UP, "three"));
    assertThat(texts(spool)).containsExactly("1 one", "2 three");
    assertThat(count("vigie.spool.write.errors")).isEqualTo(2);
  }

  @Test
  void givenFullDiskAtStart_whenThereIsRoomAgain_thenItGoesOn() {
    files.setSpaceBytes(0);
    Spool spool = open();
    assertThatThrownBy(() -> spool.accept(event(EventType.PROBE_UP, "one")))
        .isInstanceOf(UncheckedIOException.class);
    files.setSpaceBytes(Long.MAX_VALUE);
    spool.accept(event(EventType.PROBE_UP, "two"));
    files.powerCut(Forget.ALL);
    Spool again = open();
    assertThat(texts(again)).containsExactly("1 two");
    assertThat(again.identity()).isEqualTo(spool.identity());
  }

  @Test
  void givenFailingSyncs_whenTheDiskIsWellAgain_thenRoutineEventsAreAllThere() {
    Spool spool = open();
    spool.accept(event(EventType.PROBE_UP, "one"));
    spool.accept(event(EventType.PROBE_SLOW, "two"));
    files.setFailingSyncs(1);
    clock.advance(Duration.ofSeconds(5));
    assertThatThrownBy(() -> spool.accept(event(EventType.PROBE_UP, "refused")))
        .hasMessageContaining("cannot sync segment");
    files.setFailingSyncs(0);
    clock.advance(Duration.ofSeconds(30));
    files.powerCut(Forget.ALL);
    assertThat(texts(open())).containsExactly("1 one", "2 two");
  }

  @Test
  void givenDamage_whenRead_thenAGapIsTold() throws Exception {
    Spool spool = open();
    for (int i = 1; i <= 3; i++) {
      spool.accept(event(EventType.PROBE_UP, "event " + i));
    }
    spool.close();
    Path segment = FOLDER.resolve("00000000000000000001.seg");
    byte[] bytes = files.get(segment);
    bytes[bytes.length / 2] ^= 1;
    files.put(segment, bytes);
    Spool again = open();
    String gap = "4 events 2 to 2 are lost: the spool's files are damaged";
    assertThat(texts(again)).containsExactly("1 event 1", "3 event 3", gap);
    assertThat(texts(again)).hasSize(3);
    assertThat(count("vigie.spool.dropped", "reason", "damage")).isEqualTo(1);
  }

  private Event from(String source, String cursor, String text) {
    return new Event(
        clock.now(), Severity.ERROR, EventType.PROBE_UP, Map.of(), text, new Place(source, cursor));
  }

  @Test
  void givenPlaces_whenSegmentsAreDroppedAndThePowerIsCut_thenTheNewestOfEachSourceIsThere() {
    Spool spool = open();
    spool.accept(from("journal", "s=1;i=2", "one"));
    spool.accept(from("file:/var/log/ä", "17:4", "two"));
    spool.accept(from("journal", "s=1;i=3", "three"));
    fillUntilLost(spool, 5);
    spool.acknowledge(spool.last());
    files.powerCut(Forget.ALL);
    Spool again = open();
    assertThat(again.cursor("journal")).isEqualTo("s=1;i=3");
    assertThat(again.cursor("file:/var/log/ä")).isEqualTo("17:4");
    assertThat(again.cursor("file:/other")).isNull();
  }

  @Test
  void givenMorePlacesThanASegmentCarries_whenReopened_thenTheLeastUsedAreForgotten() {
    Spool spool = open();
    for (int i = 0; i < 100; i++) {
      spool.accept(from("file:/" + "x".repeat(400) + i, "1", "line"));
    }
    fillUntilLost(spool, 2);
    spool.close();
    Spool again = open();
    assertThat(again.cursor("file:/" + "x".repeat(400) + 0)).isNull();
    assertThat(again.cursor("file:/" + "x".repeat(400) + 99)).isEqualTo("1");
  }

  @Test
  void givenDamagedFirstRecordOfTheLastSegment_whenReopened_thenPlacesComeFromTheOneBefore()
      throws Exception {
    Spool spool = open();
    spool.accept(from("journal", "7", "one"));
    long first = spool.last();
    while (files.list(FOLDER).stream().filter(name -> name.endsWith(".seg")).count() < 2) {
      spool.accept(event(EventType.PROBE_UP, "x".repeat(1000)));
      first = spool.last();
    }
    spool.accept(event(EventType.PROBE_UP, "behind"));
    spool.close();
    Path last = FOLDER.resolve("%020d.seg".formatted(first));
    byte[] bytes = files.get(last);
    bytes[100] ^= 1;
    files.put(last, bytes);
    assertThat(open().cursor("journal")).isEqualTo("7");
  }

  @Test
  void givenSpoolOfTheFirstVersion_whenOpened_thenReadAndContinuedInASegmentOfItsOwn()
      throws Exception {
    open().close();
    files.powerCut(Forget.NOTHING);
    byte[] line =
        "<131>1 - p1 vigie 1 probe.up [vigie@32473 seq=\"1\" boot=\"b\"] old".getBytes(UTF_8);
    try (SegmentLog log = SegmentLog.open(FOLDER, new SegmentOptions("spool"), files)) {
      log.append(ByteBuffer.allocate(24 + line.length).putLong(24, 0).put(24, line));
    }
    Spool spool = open();
    spool.accept(event(EventType.PROBE_UP, "new"));
    assertThat(texts(spool)).containsExactly("1 old", "2 new");
    assertThat(files.list(FOLDER)).contains("00000000000000000002.seg");
    spool.close();
    assertThat(texts(open())).containsExactly("1 old", "2 new");
  }

  @Test
  void givenLastRecordDamaged_whenReopened_thenItsNumberIsNotGivenAgainAndTheHoleIsTold()
      throws Exception {
    Spool spool = open();
    spool.accept(event(EventType.PROBE_UP, "one"));
    spool.accept(event(EventType.PROBE_UP, "two"));
    spool.close();
    Path segment = FOLDER.resolve("00000000000000000001.seg");
    byte[] bytes = files.get(segment);
    bytes[bytes.length - 1] ^= 1;
    files.put(segment, bytes);
    Spool again = open();
    again.accept(event(EventType.PROBE_UP, "three"));
    assertThat(texts(again))
        .containsExactly(
            "1 one",
            "3 events 2 to 2 are lost: the end of the spool was cut off while it was written",
            "4 three");
    assertThat(count("vigie.spool.dropped", "reason", "damage")).isZero();
  }

  @Test
  void givenAnyByteChanged_whenReopened_thenWhatComesIsTrueAndTheHoleIsTold() throws Exception {
    Spool spool = open();
    for (int i = 1; i <= 4; i++) {
      spool.accept(from("journal", Integer.toString(i), "event " + i));
    }
    spool.close();
    Path segment = FOLDER.resolve("00000000000000000001.seg");
    byte[] whole = files.get(segment);
    byte[] identity = files.get(FOLDER.resolve("identity"));
    for (int at = 0; at < whole.length; at++) {
      files.powerCut(Forget.NOTHING);
      for (String name : files.list(FOLDER)) {
        files.delete(FOLDER.resolve(name));
      }
      byte[] changed = whole.clone();
      changed[at] ^= (byte) (1 + at % 255);
      files.put(segment, changed);
      files.put(FOLDER.resolve("identity"), identity);
      Spool again = open();
      again.accept(event(EventType.PROBE_UP, "event new"));
      List<String> found = texts(again);
      found = texts(again);
      List<Long> missing = new ArrayList<>(List.of(1L, 2L, 3L, 4L));
      for (String text : found) {
        long seq = Long.parseLong(text.substring(0, text.indexOf(' ')));
        missing.remove(seq);
        if (seq <= 4) {
          assertThat(text).as("byte %d", at).isEqualTo(seq + " event " + seq);
        }
        if (text.contains(" lost: ")) {
          String[] words = text.split(" ");
          for (long lost = Long.parseLong(words[2]); lost <= Long.parseLong(words[4]); lost++) {
            missing.remove(lost);
          }
        }
      }
      assertThat(missing).as("byte %d: %s", at, found).isEmpty();
      assertThat(found.stream().filter(text -> text.endsWith(" event new"))).hasSize(1);
    }
  }

  @Test
  void givenEventsOfOneEntry_whenTheWriteWasCutAnywhere_thenAllAreThereOrNoneAndItsPlaceTells()
      throws Exception {
    Spool spool = open();
    spool.accept(from("journal", "1", "before"));
    Path segment = FOLDER.resolve("00000000000000000001.seg");
    int start = files.get(segment).length;
    spool.acceptAll(List.of(from("journal", "2", "crashed"), from("journal", "2", "failed")));
    spool.close();
    byte[] whole = files.get(segment);
    byte[] identity = files.get(FOLDER.resolve("identity"));
    for (int end = start; end <= whole.length; end++) {
      files.powerCut(Forget.NOTHING);
      for (String name : files.list(FOLDER)) {
        files.delete(FOLDER.resolve(name));
      }
      files.put(segment, Arrays.copyOf(whole, end));
      files.put(FOLDER.resolve("identity"), identity);
      Spool again = open();
      boolean isThere = end == whole.length;
      assertThat(again.cursor("journal")).as("cut at %d", end).isEqualTo(isThere ? "2" : "1");
      again.accept(event(EventType.PROBE_UP, "next"));
      List<String> found = texts(again);
      found.removeIf(text -> text.contains(" are lost: "));
      if (isThere) {
        assertThat(found).containsExactly("1 before", "2 crashed", "3 failed", "4 next");
      } else {
        assertThat(found).as("cut at %d", end).hasSize(2).startsWith("1 before");
        // No other event gets a number that stood in the half write.
        long seq = Long.parseLong(found.get(1).substring(0, found.get(1).indexOf(' ')));
        assertThat(seq).as("cut at %d", end).isGreaterThan(end == start ? 1 : 2);
      }
    }
  }

  @Test
  void givenEventWithThePlacesOfManySources_whenReopened_thenAllAreKnown() {
    Spool spool = open();
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      places.add(new Place("file:/var/log/app/" + i + ".log", "801:4" + i + ":170:256-ab"));
    }
    spool.accept(
        new Event(
            clock.now(), Severity.ERROR, EventType.AGENT_STOP, Map.of(), "agent stops", places));
    spool.close();
    Spool again = open();
    for (Place place : places) {
      assertThat(again.cursor(place.source())).isEqualTo(place.cursor());
    }
  }

  @Test
  void givenMorePlacesThanARecordCarries_whenWritten_thenTheLastAreKept() {
    Spool spool = open();
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      places.add(new Place("file:/" + "é".repeat(500) + i, "1"));
    }
    spool.accept(
        new Event(
            clock.now(), Severity.ERROR, EventType.AGENT_STOP, Map.of(), "agent stops", places));
    spool.close();
    Spool again = open();
    assertThat(again.cursor(places.get(0).source())).isNull();
    assertThat(again.cursor(places.get(255).source())).isEqualTo("1");
  }

  @Test
  void givenLimits_whenRead_thenTheyHoldAndReadingGoesOn() {
    Spool spool = open();
    for (int i = 1; i <= 5; i++) {
      spool.accept(event(EventType.PROBE_UP, "event " + i));
    }
    int size = spool.read(0, 1, 1 << 20).get(0).data().length;
    assertThat(spool.read(0, 2, 1 << 20)).hasSize(2);
    assertThat(spool.read(2, 9, size * 2)).hasSize(2);
    assertThat(spool.read(4, 9, 1).get(0).seq()).isEqualTo(5);
    assertThat(spool.read(5, 9, 1)).isEmpty();
  }

  @Test
  void givenFolderInUse_whenOpened_thenTheMessageSaysWhatToDo() {
    Spool spool = open();
    assertThatThrownBy(this::open)
        .isInstanceOf(ConfigException.class)
        .hasMessage("spool /spool is held by process 1; stop it or set another spool.path");
    spool.close();
    open().close();
  }

  @Test
  void givenClosed_whenEventComes_thenRefused() {
    Spool spool = open();
    spool.close();
    assertThatThrownBy(() -> spool.accept(event(EventType.PROBE_UP, "late")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("the spool /spool is closed");
  }

  @Test
  void givenNoConfiguration_whenRead_thenDefaults() {
    Faults faults = new Faults();
    Path file = Path.of("/etc/vigie/agent.yaml");
    assertThat(SpoolConfig.read(Yaml.parse(file, "", Map.of(), faults).section("spool")))
        .isEqualTo(
            new SpoolConfig(
                Path.of("/var/lib/vigie-agent/spool"), 64 * 1024 * 1024, Duration.ofDays(7)));
    String full = "spool: {path: q, max_bytes: 8MiB, max_age: 2d}";
    assertThat(SpoolConfig.read(Yaml.parse(file, full, Map.of(), faults).section("spool")))
        .isEqualTo(new SpoolConfig(Path.of("/etc/vigie/q"), 8 << 20, Duration.ofDays(2)));
    assertThat(faults.isEmpty()).isTrue();
    SpoolConfig.read(
        Yaml.parse(file, "spool: {max_byte: 1KiB}", Map.of(), faults).section("spool"));
    assertThat(faults.all().get(0)).contains("did you mean \"max_bytes\"?");
  }

  @Test
  void givenNobodyFetches_whenThreeQuartersAreTaken_thenItIsFillingUntilSomebodyHas() {
    Spool spool = open();
    String line = "x".repeat(8_000);
    while (!spool.isFilling()) {
      assertThat(count("vigie.spool.dropped", "reason", "full")).isZero();
      spool.accept(event(EventType.PROBE_DOWN, line));
    }
    assertThat(spool.last()).isBetween(90L, 105L);
    spool.acknowledge(spool.last());
    assertThat(spool.isFilling()).isFalse();
  }
}
