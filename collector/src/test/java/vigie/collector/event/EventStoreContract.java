package vigie.collector.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.label.LabelMatcher;

/** What every {@link EventStore} keeps to. */
public abstract class EventStoreContract {
  private EventStore store;

  /** A new, empty store. */
  protected abstract EventStore create();

  @BeforeEach
  void open() {
    store = create();
    store.recover((event, late) -> {});
  }

  @Test
  void givenManyAppends_whenDurable_thenEachCallbackRunsOnceInOrder() {
    List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < 5_000; i++) {
      int number = i;
      store.append(Events.foreign("p1", "syslog", "n" + i), new byte[] {1}, () -> ran.add(number));
    }
    await().until(() -> ran.size() >= 5_000);
    assertThat(ran).isSorted().doesNotHaveDuplicates().hasSize(5_000);
  }

  @Test
  void givenEvents_whenSearched_thenTheyComeNewestFirstAndAsTheyWere() {
    List<Event> events = new ArrayList<>();
    for (int seq = 1; seq <= 5; seq++) {
      events.add(Events.agent("p1", "s1", seq, "probe.down", "probe", "web", "reason", "a\"b\\c"));
    }
    append(events);
    Collections.reverse(events);
    assertThat(search("", 10)).isEqualTo(events);
    assertThat(search("", 2)).isEqualTo(events.subList(0, 2));
  }

  @Test
  void givenForeignRecordsAsColumns_whenTheyAreFilledAnewBehindTheirCallback_thenAllIsAsItWas() {
    SyslogRecords records = Events.records(Events.T0, List.of("p1 a", "p2 b", "p1 c"));
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < records.count(); i++) {
      events.add(records.event(i));
    }
    AtomicInteger ran = new AtomicInteger();
    store.append(records, ran::incrementAndGet);
    await().until(() -> ran.get() == 1);
    Arrays.fill(records.frames().bytes(), (byte) 0);
    records.clear();
    Collections.reverse(events);
    assertThat(search("", 10)).isEqualTo(events);
  }

  @Test
  void givenMoreThanThePage_whenPaged_thenAllComeOnce() {
    List<Event> events = new ArrayList<>();
    for (int seq = 1; seq <= 25; seq++) {
      events.add(Events.agent("p1", "s1", seq, "probe.up"));
    }
    append(events);
    List<Event> paged = new ArrayList<>();
    String before = "";
    while (true) {
      List<StoredEvent> page = store.search(query("", 10, before)).events();
      if (page.isEmpty()) {
        break;
      }
      page.forEach(stored -> paged.add(stored.event()));
      before = page.get(page.size() - 1).id();
    }
    Collections.reverse(paged);
    assertThat(paged).isEqualTo(events);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "node=p1:1,3,5",
        "node!=p1:2,4",
        "node=~p[2-9]:2,4",
        "node!~p[2-9]:1,3,5",
        "node=~p3|p4:",
        "app=~app|none:4,5",
        "type=~unit.*:",
        "unit!=x:1,2,3,4,5",
        "unit=~.+:",
        "type=probe.down:1,2",
        "type=syslog:4,5",
        "severity=err:3",
        "severity=nonsense:",
        "severity=~err|notice:1,2,3,4,5",
        "facility=user:1,2,3,4,5",
        "facility=daemon:",
        "app=vigie:1,2,3",
        "probe=web:1",
        "probe!=web:2,3,4,5",
        "probe=:3,4,5",
        "odd name=x:3"
      })
  void givenMatcher_whenSearched_thenOnlyWhatFitsComes(String wanted) {
    append(
        List.of(
            Events.agent("p1", "s1", 1, "probe.down", "probe", "web"),
            Events.agent("p2", "s2", 2, "probe.down", "probe", "db"),
            Events.severity(Events.agent("p1", "s1", 3, "probe.up", "odd name", "x"), 3),
            Events.foreign("p2", "syslog", "4"),
            Events.foreign("p1", "syslog", "5")));
    int colon = wanted.lastIndexOf(':');
    LabelMatcher matcher = matcher(wanted.substring(0, colon));
    List<String> found = new ArrayList<>();
    for (Event event :
        events(
            store
                .search(new EventQuery(Instant.MIN, Instant.MAX, List.of(matcher), "", 9, ""))
                .events())) {
      found.add(event.text().substring(event.text().lastIndexOf('/') + 1));
    }
    Collections.reverse(found);
    assertThat(String.join(",", found)).isEqualTo(wanted.substring(colon + 1));
    List<EventStream> counted = new ArrayList<>();
    store.tally(
        new EventQuery(Instant.MIN, Instant.MAX, List.of(matcher), "", 9, ""),
        Set.of("node", "severity"),
        new EventStore.Buckets(0, 60_000_000),
        (bucket, stream, count) -> {
          for (long i = 0; i < count; i++) {
            counted.add(stream);
          }
        });
    assertThat(counted)
        .hasSize(found.size())
        .allMatch(stream -> stream.node().startsWith("p") && stream.type().isEmpty());
  }

  private static LabelMatcher matcher(String text) {
    for (LabelMatcher.Op op :
        List.of(
            LabelMatcher.Op.REGEX,
            LabelMatcher.Op.NOT_REGEX,
            LabelMatcher.Op.NOT_EQUAL,
            LabelMatcher.Op.EQUAL)) {
      int at = text.indexOf(op.text());
      if (at > 0) {
        return new LabelMatcher(op, text.substring(0, at), text.substring(at + op.text().length()));
      }
    }
    throw new AssertionError(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "disk:1",
        "DISK full:1",
        "full disk:1",
        "dis:",
        "dis*:1,2",
        "é:",
        "ÉTÉ:1",
        "100%:1,2",
        "behind:1",
        "a_b:1",
        "\"disk 100\":1",
        "\"full disk\":",
        "\"100 full*\":1",
        "-disk:2",
        "100 -\"100 full\":2",
        "disk -full:",
        "10.0.0.1:1",
        "10.0.0:1,2",
        "10.0.0.2:2",
        "0.10:"
      })
  void givenWords_whenSearched_thenTheTextSaysThemAllWhateverTheirCase(String wanted) {
    append(
        List.of(
            Events.foreign("p1", "syslog", "Disk 100% FULL été a_b\0behind from 10.0.0.1"),
            Events.foreign("p1", "syslog", "disc 100 ful ete axb at 10.0.0.2 ")));
    int colon = wanted.lastIndexOf(':');
    List<String> found = new ArrayList<>();
    for (Event event : search(wanted.substring(0, colon), 9)) {
      found.add(event.text().startsWith("Disk") ? "1" : "2");
    }
    Collections.reverse(found);
    assertThat(String.join(",", found)).isEqualTo(wanted.substring(colon + 1));
    assertThat(search(wanted.substring(0, colon) + " other", 9)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"|=Disk 1:1", "|=disk:", "!=Disk:2", "|~D.sk:1", "|~^disc:2", "!~i.*e:"})
  void givenLineFilters_whenSearched_thenTheyLookAtTheCharacters(String wanted) {
    append(
        List.of(
            Events.foreign("p1", "syslog", "Disk 100% line"),
            Events.foreign("p1", "syslog", "disc 100 line")));
    int colon = wanted.lastIndexOf(':');
    String text = wanted.substring(2, colon);
    boolean not = wanted.startsWith("!");
    LineFilter line =
        wanted.charAt(1) == '=' ? LineFilter.contains(text, not) : LineFilter.finds(text, not);
    EventQuery query =
        new EventQuery(
            Instant.MIN, Instant.MAX, List.of(), TextQuery.ANY, List.of(line), 9, "", "");
    List<String> found = new ArrayList<>();
    texts(query).forEach(one -> found.add(one.startsWith("Disk") ? "1" : "2"));
    assertThat(String.join(",", found)).isEqualTo(wanted.substring(colon + 1));
    List<String> scanned = new ArrayList<>();
    assertThat(store.scan(query, event -> scanned.add(event.text()))).isEmpty();
    assertThat(scanned).isEqualTo(texts(query));
    List<EventStream> counted = new ArrayList<>();
    store.tally(
        query,
        Set.of(),
        new EventStore.Buckets(0, 60_000_000),
        (bucket, stream, count) -> {
          assertThat(bucket).isEqualTo(Events.T0.getEpochSecond() / 60);
          for (long i = 0; i < count; i++) {
            counted.add(stream);
          }
        });
    assertThat(counted).hasSize(scanned.size());
  }

  @Test
  void givenAnId_whenAskedForWhatIsNewer_thenThatComesAndTheNewestIdIsTold() {
    append(List.of(Events.foreign("p1", "syslog", "1"), Events.foreign("p2", "syslog", "2")));
    EventPage first = store.search(query("", 1, ""));
    assertThat(first.next()).isEqualTo(first.newest()).isEqualTo(first.events().get(0).id());
    append(List.of(Events.foreign("p1", "syslog", "3")));
    EventPage next = store.search(query("", 9, "").after(first.newest()));
    assertThat(events(next.events())).extracting(Event::text).containsExactly("3");
    assertThat(next.next()).isEmpty();
    assertThat(store.search(query("", 9, "").after(next.newest())).events()).isEmpty();
    assertThatThrownBy(() -> store.search(query("", 9, "nonsense")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nonsense");
  }

  @Test
  void givenEvents_whenAskedForStreams_thenEachComesOnce() {
    append(
        List.of(
            Events.agent("p1", "s1", 1, "unit.failed", "unit", "a.service"),
            Events.agent("p1", "s1", 2, "unit.failed", "unit", "a.service"),
            Events.foreign("p2", "syslog", "2")));
    assertThat(store.streams(Instant.MIN, Instant.MAX))
        .containsExactlyInAnyOrder(
            new EventStream("p1", 1, 5, "vigie", "unit.failed", "a.service"),
            new EventStream("p2", 1, 5, "app", "syslog", ""));
  }

  @Test
  void givenExportedEvents_whenImportedTwice_thenEachIsThereOnceOldestAndMarked() {
    List<Event> own = List.of(Events.agent("p1", "s1", 5, "probe.up"));
    append(own);
    StoredEvent known = store.search(query("", 1, "")).events().get(0);
    ByteBuffer raw = ByteBuffer.wrap(new byte[] {'r', (byte) 0xff, 'x'});
    Event foreign = Events.foreign("p9", "syslog", "x");
    List<StoredEvent> exported =
        List.of(
            new StoredEvent("7", foreign, raw, ""),
            new StoredEvent("8", foreign, raw, ""),
            new StoredEvent("1000", Events.agent("p1", "s1", 5, "probe.up"), raw, ""),
            new StoredEvent("9", Events.agent("p1", "s1", 4, "probe.down"), raw, ""),
            known);
    assertThat(store.insertHistory(exported)).isEqualTo(new EventStore.Imported(3, 2, 0));
    assertThat(store.insertHistory(exported)).isEqualTo(new EventStore.Imported(0, 5, 0));
    List<StoredEvent> all = store.search(query("", 9, "")).events();
    assertThat(all).extracting(StoredEvent::imported).containsExactlyInAnyOrder("", "9", "8", "7");
    assertThat(all.get(0)).isEqualTo(known);
    assertThat(all).allMatch(one -> store.find(one.id()).equals(Optional.of(one)));
    assertThat(all.get(1).raw()).isEqualTo(raw);
    assertThat(search("x", 9)).containsExactly(foreign, foreign);
  }

  @Test
  void givenTimes_whenSearched_thenSinceIsIncludedAndUntilIsNot() {
    append(
        List.of(
            Events.agent("p1", "s1", 1, "probe.up"),
            Events.agent("p1", "s1", 2, "probe.up"),
            Events.agent("p1", "s1", 3, "probe.up")));
    Instant second = Events.T0.plusSeconds(2);
    assertThat(texts(new EventQuery(second, Instant.MAX, List.of(), "", 9, "")))
        .containsExactly("p1/s1/3", "p1/s1/2");
    assertThat(texts(new EventQuery(Instant.MIN, second, List.of(), "", 9, "")))
        .containsExactly("p1/s1/1");
    assertThat(texts(new EventQuery(second, second.plusNanos(1), List.of(), "", 9, "")))
        .containsExactly("p1/s1/2");
  }

  @Test
  void givenAnId_whenLookedUp_thenItsEventComesAndNoOther() {
    append(
        List.of(
            Events.agent("p1", "s1", 1, "probe.up"), Events.agent("p1", "s1", 2, "probe.down")));
    for (StoredEvent stored : store.search(query("", 9, "")).events()) {
      assertThat(store.find(stored.id())).contains(stored);
    }
    assertThat(store.find("999999")).isEmpty();
    assertThat(store.find("no id")).isEmpty();
    assertThat(store.find("")).isEmpty();
  }

  @Test
  void givenLargeBinaryAndEmptyText_whenKept_thenItComesBackAsItWas() {
    String large = "x".repeat(64 << 10);
    List<Event> events =
        List.of(
            Events.foreign("", "", ""),
            Events.foreign("p\0", "syslog", "\0a\0\u0001\uFFFD\n\r\t\u007f𝄞\0"),
            Events.foreign("p1", "syslog", large),
            new Event(
                Instant.parse("0001-01-01T00:00:00Z"),
                Events.T0,
                "p1",
                23,
                7,
                "",
                "probe.down",
                Map.of("", "empty name", "nul\0", "\0", "quote\"", "{}[]'", "big", large),
                "t",
                new Event.Origin("", 0, "")));
    append(events);
    List<Event> found = search("", 9);
    Collections.reverse(found);
    assertThat(found).isEqualTo(events);
  }

  private void append(List<Event> events) {
    AtomicInteger durable = new AtomicInteger();
    for (Event event : events) {
      store.append(event, new byte[] {0, 1, 2}, durable::incrementAndGet);
    }
    await().until(() -> durable.get() == events.size());
    // Durable is sooner than found.
    await().until(() -> search("", events.size()).size() == events.size());
  }

  private List<Event> search(String text, int limit) {
    return events(store.search(query(text, limit, "")).events());
  }

  private List<String> texts(EventQuery query) {
    return events(store.search(query).events()).stream().map(Event::text).toList();
  }

  private static List<Event> events(List<StoredEvent> stored) {
    List<Event> events = new ArrayList<>();
    stored.forEach(one -> events.add(one.event()));
    return events;
  }

  private static EventQuery query(String text, int limit, String before) {
    return new EventQuery(Instant.MIN, Instant.MAX, List.of(), text, limit, before);
  }
}
