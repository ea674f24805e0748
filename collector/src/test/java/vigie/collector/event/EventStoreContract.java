package vigie.collector.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
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
  void givenMoreThanThePage_whenPaged_thenAllComeOnce() {
    List<Event> events = new ArrayList<>();
    for (int seq = 1; seq <= 25; seq++) {
      events.add(Events.agent("p1", "s1", seq, "probe.up"));
    }
    append(events);
    List<Event> paged = new ArrayList<>();
    String before = "";
    while (true) {
      List<StoredEvent> page = store.search(query("", 10, before));
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
        "type=probe.down:1,2",
        "type=syslog:4,5",
        "severity=err:3",
        "severity=nonsense:",
        "severity=~err|notice:1,2,3,4,5",
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
            store.search(new EventQuery(Instant.MIN, Instant.MAX, List.of(matcher), "", 9, "")))) {
      found.add(event.text().substring(event.text().lastIndexOf('/') + 1));
    }
    Collections.reverse(found);
    assertThat(String.join(",", found)).isEqualTo(wanted.substring(colon + 1));
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
  @ValueSource(strings = {"disk", "DISK full", "full disk", "é", "ÉTÉ", "100%", "behind", "a_b"})
  void givenWords_whenSearched_thenTheTextHoldsThemAllWhateverTheirCase(String words) {
    append(
        List.of(
            Events.foreign("p1", "syslog", "Disk 100% FULL été a_b\0behind"),
            Events.foreign("p1", "syslog", "disc 100 ful ete axb")));
    assertThat(search(words, 9)).hasSize(1);
    assertThat(search(words + " other", 9)).isEmpty();
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
    for (StoredEvent stored : store.search(query("", 9, ""))) {
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
    return events(store.search(query(text, limit, "")));
  }

  private List<String> texts(EventQuery query) {
    return events(store.search(query)).stream().map(Event::text).toList();
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
