package vigie.collector.store.event;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import org.sqlite.SQLiteOpenMode;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.EventStream;
import vigie.collector.event.LineFilter;
import vigie.collector.label.LabelMatcher;

/**
 * One search through one {@link DayFile}, beside its writer, newest id first. Blocks say which ids
 * can have the wanted times; of those, the full-text index says which to look at where it has come
 * so far; {@code query.matches} decides.
 */
final class DaySearch {
  /** More are taken as one from the first to the last. */
  private static final int MOST_RANGES = 32;

  private static final int MOST_PIECES = 64;

  /** The text's place in {@link EventRows#COLUMNS}. */
  private static final int TEXT_AT = 10;

  private static final Map<String, Function<EventStream, String>> COMPONENTS =
      Map.of(
          "node", EventStream::node,
          "app", EventStream::app,
          "type", EventStream::type,
          "unit", EventStream::unit);

  /** Ids that are grouped together, which SQLite sorts in memory. */
  private static final long SORTED_AT_ONCE = 100_000;

  private final EventQuery query;
  private final BooleanSupplier isTooLate;
  private final boolean withRaw;

  /** By name, the values in the file being searched that matchers allow, where they are few. */
  private Map<String, List<String>> allowed = Map.of();

  /** Gets what matches, until it says false. */
  interface Visitor {
    boolean visit(long id, Event event, ResultSet row) throws SQLException;
  }

  private record Range(long first, long last) {}

  /**
   * @param isTooLate asked now and then; the search then throws {@link TooLongException}
   * @param withRaw whether the rows shown are of {@link EventRows#WITH_RAW}
   */
  DaySearch(EventQuery query, BooleanSupplier isTooLate, boolean withRaw) {
    this.query = query;
    this.isTooLate = isTooLate;
    this.withRaw = withRaw;
  }

  /**
   * Shows what matches.
   *
   * @param after only ids above this
   * @param before only ids below this
   */
  void run(Path path, long after, long before, Visitor visitor) throws SQLException {
    String columns = withRaw ? EventRows.WITH_RAW : EventRows.COLUMNS;
    run(
        path,
        after,
        before,
        new Shown(
            columns,
            "",
            Long.MAX_VALUE,
            row -> {
              // First, as most are refused by it where many must be looked at.
              if (query.asksForText() && !query.matchesText(row.getString(TEXT_AT))) {
                return true;
              }
              Event event = EventRows.event(row);
              return !query.matches(event) || visitor.visit(row.getLong(1), event, row);
            }));
  }

  /**
   * What is selected.
   *
   * @param groupBy {@code ""} for rows in the order of ids
   * @param most ids at a time
   */
  private record Shown(String columns, String groupBy, long most, RowVisitor visitor) {}

  private interface RowVisitor {
    boolean visit(ResultSet row) throws SQLException;
  }

  private void run(Path path, long after, long before, Shown shown) throws SQLException {
    try (Connection connection = open(path)) {
      ProgressHandler.setHandler(
          connection,
          10_000,
          new ProgressHandler() {
            @Override
            protected int progress() {
              return isTooLate.getAsBoolean() ? 1 : 0;
            }
          });
      // One view of the file for all that follows.
      connection.setAutoCommit(false);
      allowed = allowed(connection);
      if (allowed.containsValue(List.<String>of())) {
        return;
      }
      String words = Words.asked(query, allowed);
      long indexed = words == null ? Long.MIN_VALUE : indexed(connection);
      for (Range range : ranges(connection, after, before)) {
        long behind = Math.max(range.first, indexed + (words == null ? 0 : 1));
        long last = Math.min(range.last, indexed);
        if (!show(connection, shown, behind, range.last, null)
            || (words != null && !show(connection, shown, range.first, last, words))) {
          return;
        }
      }
    } catch (SQLiteException e) {
      if (e.getResultCode() == SQLiteErrorCode.SQLITE_INTERRUPT) {
        throw new TooLongException();
      }
      throw e;
    }
  }

  /**
   * What the matchers come to, of which neither SQL nor the index can decide, given the streams
   * that the file names.
   */
  private Map<String, List<String>> allowed(Connection connection) throws SQLException {
    Map<String, List<String>> found = new HashMap<>();
    Set<EventStream> streams = new HashSet<>();
    for (LabelMatcher matcher : query.matchers()) {
      Function<EventStream, String> component = COMPONENTS.get(matcher.name());
      if (component == null || matcher.op() == LabelMatcher.Op.EQUAL) {
        continue;
      }
      if (streams.isEmpty()) {
        try (Statement statement = connection.createStatement()) {
          readStreams(statement, streams::add);
        }
      }
      List<String> all = streams.stream().map(component).distinct().toList();
      List<String> values = all.stream().filter(matcher::matches).toList();
      // Not all are named where they are many.
      if (streams.size() < DayFile.MOST_STREAMS && values.size() <= all.size() / 2) {
        found.put(matcher.name(), values);
      }
    }
    return found;
  }

  /** Opens a file to read only. */
  static Connection open(Path path) throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setOpenMode(SQLiteOpenMode.READONLY);
    config.resetOpenMode(SQLiteOpenMode.READWRITE);
    config.resetOpenMode(SQLiteOpenMode.CREATE);
    config.setBusyTimeout(5_000);
    config.setCacheSize(-8_000);
    return config.createConnection("jdbc:sqlite:" + path);
  }

  private static long indexed(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT indexed FROM progress")) {
      return row.next() ? row.getLong(1) : Long.MIN_VALUE;
    }
  }

  /**
   * Counts what matches, in SQLite as far as it can decide: a row that is shown to us costs more
   * than all else.
   *
   * @param names see {@link EventStore#tally}
   */
  void tally(
      Path path,
      long after,
      long before,
      Set<String> names,
      EventStore.Buckets buckets,
      EventStore.Tally tally)
      throws SQLException {
    LeanRows rows = new LeanRows(query, names, buckets);
    run(
        path,
        after,
        before,
        new Shown(rows.columns(), rows.groupBy(), SORTED_AT_ONCE, row -> rows.add(row, tally)));
  }

  /** The ids that may have the wanted times, newest first, disjoint. */
  private List<Range> ranges(Connection connection, long after, long before) throws SQLException {
    String sql =
        "SELECT max(first, ?), min(last, ?) FROM block"
            + " WHERE last > ? AND first < ? AND latest >= ? AND earliest <= ? ORDER BY last DESC";
    List<Range> ranges = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, after + 1);
      select.setLong(2, before - 1);
      select.setLong(3, after);
      select.setLong(4, before);
      select.setLong(5, since());
      select.setLong(6, until());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          add(ranges, new Range(row.getLong(1), row.getLong(2)));
        }
      }
    }
    if (ranges.size() > MOST_RANGES) {
      return List.of(new Range(ranges.get(ranges.size() - 1).first, ranges.get(0).last));
    }
    return ranges;
  }

  private static void add(List<Range> ranges, Range range) {
    int at = ranges.size() - 1;
    while (at >= 0 && range.last >= ranges.get(at).first - 1) {
      Range newer = ranges.remove(at--);
      range = new Range(Math.min(range.first, newer.first), Math.max(range.last, newer.last));
    }
    ranges.add(range);
  }

  private long since() {
    return EventRecord.micros(query.since());
  }

  /** Rounded up: microseconds are what is kept, nanoseconds what is asked. */
  private long until() {
    return EventRecord.micros(query.until()) + 1;
  }

  private boolean show(
      Connection connection, Shown shown, long first, long last, @Nullable String words)
      throws SQLException {
    // Imported ids are far apart.
    long most = Math.max(shown.most, (last - first) / MOST_PIECES);
    for (long to = last; to >= first; to -= most) {
      long from = to - first < most ? first : to - most + 1;
      if (!showSome(connection, shown, from, to, words)) {
        return false;
      }
      if (from == first) {
        return true;
      }
    }
    return true;
  }

  private boolean showSome(
      Connection connection, Shown shown, long first, long last, @Nullable String words)
      throws SQLException {
    StringBuilder sql = new StringBuilder("SELECT ").append(shown.columns);
    List<Object> values = new ArrayList<>();
    String id = words == null ? "event.id" : "event_text.rowid";
    if (words == null) {
      sql.append(" FROM event WHERE ");
    } else {
      // Not the other way round: the index gives few, in the order wanted.
      sql.append(" FROM event_text CROSS JOIN event ON event.id = event_text.rowid")
          .append(" WHERE event_text MATCH ? AND ");
      values.add(words);
    }
    sql.append(id).append(" >= ? AND ").append(id).append(" <= ?");
    values.add(first);
    values.add(last);
    sql.append(" AND time >= ? AND time < ?");
    values.add(since());
    values.add(until());
    narrow(sql, values, words != null);
    sql.append(shown.groupBy.isEmpty() ? " ORDER BY " + id + " DESC" : shown.groupBy);
    try (PreparedStatement select = connection.prepareStatement(sql.toString())) {
      for (int i = 0; i < values.size(); i++) {
        select.setObject(i + 1, values.get(i));
      }
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          if (isTooLate.getAsBoolean()) {
            throw new TooLongException();
          }
          if (!shown.visitor.visit(row)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  private void narrow(StringBuilder sql, List<Object> values, boolean isByWords) {
    for (LabelMatcher matcher : query.matchers()) {
      switch (matcher.name()) {
        case "severity" -> narrow("severity", EventQuery.SEVERITIES, matcher, sql);
        case "facility" -> narrow("facility", EventQuery.FACILITIES, matcher, sql);
        default -> narrow(matcher, sql, values, isByWords);
      }
    }
    allowed.forEach(
        (name, any) -> {
          if (!name.equals("unit")) {
            sql.append(" AND ").append(name).append(" IN (?").append(",?".repeat(any.size() - 1));
            sql.append(')');
            values.addAll(any);
          }
        });
    for (LineFilter line : query.lines()) {
      if (!line.needle().isEmpty()) {
        // Unlike LIKE, this goes on behind a NUL and knows no wildcards.
        sql.append(" AND instr(text, ?) > 0");
        values.add(line.needle());
      }
    }
  }

  private static void narrow(
      String column, List<String> names, LabelMatcher matcher, StringBuilder sql) {
    sql.append(" AND ").append(column).append(" IN (-1");
    for (int i = 0; i < names.size(); i++) {
      if (matcher.matches(names.get(i))) {
        sql.append(',').append(i);
      }
    }
    sql.append(')');
  }

  private static void narrow(
      LabelMatcher matcher, StringBuilder sql, List<Object> values, boolean isByWords) {
    if (matcher.op() != LabelMatcher.Op.EQUAL || matcher.value().isEmpty()) {
      return;
    }
    String name = matcher.name();
    switch (name) {
      case "node", "app" -> sql.append(" AND ").append(name).append(" = ?");
      case "type" -> {
        // Said in these words, or SQLite doesn't see that its index fits.
        boolean own = !matcher.value().equals("syslog") && !isByWords;
        sql.append(own ? " AND type <> 'syslog' AND type = ?" : " AND type = ?");
      }
      default -> {
        if (!name.chars().allMatch(c -> c == '_' || (c < 128 && Character.isLetterOrDigit(c)))) {
          return;
        }
        sql.append(" AND json_extract(fields, ?) = ?");
        values.add("$.\"" + name + "\"");
      }
    }
    values.add(matcher.value());
  }

  /** The streams that the file names. */
  static void readStreams(Statement statement, Consumer<EventStream> take) throws SQLException {
    String sql = "SELECT node, facility, severity, app, type, unit FROM stream";
    try (ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        take.accept(
            new EventStream(
                row.getString(1),
                row.getInt(2),
                row.getInt(3),
                row.getString(4),
                row.getString(5),
                row.getString(6)));
      }
    }
  }

  /** The search took longer than it may. */
  static final class TooLongException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
