package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import vigie.base.fuzz.FuzzContract;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.Events;
import vigie.collector.event.LineFilter;
import vigie.collector.event.TextQuery;
import vigie.collector.label.LabelMatcher;

/** The real FTS5 takes whatever is asked for any words, and misses no event that matches. */
class WordsFuzzTest extends FuzzContract {
  private @Nullable Connection connection;
  private long rows;

  /** The text, a line's feed, the words looked for. */
  @Override
  protected List<byte[]> seeds() {
    String longest = "x".repeat(70);
    return List.of(
        utf8("connection refused by 10.0.0.1\nrefused 10.0.0.1"),
        utf8("No route to host\n\"no route\" -yes h*"),
        utf8("Übergröße ﬁn İstanbul\nübergröße \"istanbul\""),
        utf8("AND OR NOT NEAR(a b) words:x ^y\n\"and or\" near(a b) words:x"),
        utf8("a\0b ' \" * + \uE000abc\nb"),
        utf8(longest + " end\n" + longest + "* " + longest),
        utf8("x\u0301 𝔘𝔫i 漢字かな ٣\n𝔘𝔫i 漢*"));
  }

  @Override
  protected int rounds() {
    return 5_000;
  }

  @Override
  protected void feed(byte[] bytes) throws SQLException {
    String[] parts = new String(bytes, StandardCharsets.UTF_8).split("\n", 2);
    Event event = Events.foreign("p1", "syslog", parts[0]);
    insert(event);
    // As a label and as characters of the text, too.
    String name = parts[0].substring(0, Math.min(9, parts[0].length()));
    Event named =
        new Event(
            event.time(),
            event.received(),
            parts[0],
            event.facility(),
            event.severity(),
            name,
            event.type(),
            Map.of("unit", name),
            event.text(),
            null);
    insert(named);
    List<LabelMatcher> matchers =
        List.of(
            new LabelMatcher(LabelMatcher.Op.EQUAL, "node", parts[0]),
            new LabelMatcher(LabelMatcher.Op.EQUAL, "unit", name));
    assertThat(isFound(query(matchers, "", List.of()))).isTrue();
    int half = parts[0].length() / 2;
    assertThat(
            isFound(
                query(
                    List.of(), "", List.of(LineFilter.contains(parts[0].substring(half), false)))))
        .isTrue();
    if (parts.length < 2) {
      return;
    }
    EventQuery query;
    try {
      query = query(List.of(), parts[1], List.of());
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      return;
    }
    boolean found = isFound(query);
    assertThat(found || !query.matches(named)).as("found where it matches").isTrue();
  }

  private static EventQuery query(
      List<LabelMatcher> matchers, String words, List<LineFilter> lines) {
    return new EventQuery(
        Instant.MIN, Instant.MAX, matchers, TextQuery.parse(words), lines, 10, "", "");
  }

  private void insert(Event event) throws SQLException {
    if (rows % 2_000 == 0) {
      close(); // or it would grow
    }
    try (PreparedStatement insert = open().prepareStatement(DayFile.INSERT_WORDS)) {
      insert.setLong(1, ++rows);
      insert.setBytes(2, Words.of(event));
      insert.executeUpdate();
    }
  }

  /** Whether the index gives the last event; it narrows nothing where it is not asked. */
  private boolean isFound(EventQuery query) throws SQLException {
    String asked = Words.asked(query, Map.of());
    if (asked == null) {
      return true;
    }
    String sql = "SELECT count(*) FROM event_text WHERE event_text MATCH ? AND rowid = ?";
    try (PreparedStatement select = open().prepareStatement(sql)) {
      select.setString(1, asked);
      select.setLong(2, rows);
      try (ResultSet result = select.executeQuery()) {
        return result.next() && result.getLong(1) == 1;
      }
    }
  }

  private Connection open() throws SQLException {
    Connection opened = connection;
    if (opened == null) {
      opened = DriverManager.getConnection("jdbc:sqlite::memory:");
      connection = opened;
      try (Statement statement = opened.createStatement()) {
        statement.execute(DayFile.TEXT_INDEX);
      }
    }
    return opened;
  }

  @AfterEach
  void close() throws SQLException {
    if (connection != null) {
      connection.close();
      connection = null;
    }
  }
}
