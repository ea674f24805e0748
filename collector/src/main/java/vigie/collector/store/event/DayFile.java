package vigie.collector.store.event;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import org.sqlite.SQLiteOpenMode;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.StoredEvent;
import vigie.collector.label.LabelMatcher;

/**
 * The SQLite file of the events received on one day, written by one thread. Any SQLite tool reads
 * it; {@code application_id} is "VIGE", {@code user_version} the version of the tables.
 */
final class DayFile implements AutoCloseable {
  private static final int APPLICATION_ID = 0x56494745;
  private static final int VERSION = 1;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<LinkedHashMap<String, String>> FIELDS =
      new TypeReference<>() {};

  private static final String[] TABLES = {
    """
    CREATE TABLE event (
      id INTEGER PRIMARY KEY,
      time INTEGER NOT NULL,      -- microseconds since the epoch, by the node's clock
      received INTEGER NOT NULL,  -- the same, by the collector's
      node TEXT NOT NULL,
      facility INTEGER NOT NULL,
      severity INTEGER NOT NULL,
      app TEXT NOT NULL,
      type TEXT NOT NULL,
      fields TEXT,                -- JSON object; NULL for none
      text TEXT NOT NULL,
      spool TEXT, seq INTEGER, boot TEXT,
      raw BLOB NOT NULL
    )""",
    // The agents' own events are few beside syslog; these cost a storm nothing.
    "CREATE UNIQUE INDEX event_origin ON event (node, spool, seq) WHERE seq > 0",
    "CREATE INDEX event_type ON event (type, id) WHERE type <> 'syslog'",
    "CREATE TABLE extent (earliest INTEGER NOT NULL, latest INTEGER NOT NULL)",
    "INSERT INTO extent VALUES (" + Long.MAX_VALUE + ", " + Long.MIN_VALUE + ")",
  };

  private static final String INSERT =
      "INSERT OR IGNORE INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
  private static final String SELECT =
      "SELECT id, time, received, node, facility, severity, app, type, fields, text, spool, seq,"
          + " boot FROM event WHERE ";

  /**
   * What a file holds: ids and event times (microseconds), all ends included; where it holds
   * nothing, {@code firstId} is above {@code lastId}.
   */
  record Extent(long firstId, long lastId, long earliest, long latest) {}

  private final Connection connection;

  private DayFile(Connection connection) {
    this.connection = connection;
  }

  /**
   * Opens the file to write, made if it lacks.
   *
   * @throws NewerException if a newer collector wrote it
   */
  static DayFile open(Path path) throws SQLException, NewerException {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    // FULL: what is committed may be dropped from the receive log.
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setBusyTimeout(5_000);
    config.setTempStore(SQLiteConfig.TempStore.MEMORY);
    Connection connection = config.createConnection("jdbc:sqlite:" + path);
    try {
      connection.setAutoCommit(false);
      prepare(connection, path);
      return new DayFile(connection);
    } catch (SQLException | NewerException e) {
      connection.close();
      throw e;
    }
  }

  private static void prepare(Connection connection, Path path)
      throws SQLException, NewerException {
    try (Statement statement = connection.createStatement()) {
      long version = number(statement, "PRAGMA user_version");
      if (version > VERSION) {
        throw new NewerException(
            path
                + " is of version "
                + version
                + ", written by a newer collector; this one reads "
                + VERSION);
      }
      if (version == 0) {
        for (String table : TABLES) {
          statement.execute(table);
        }
        statement.execute("PRAGMA application_id = " + APPLICATION_ID);
        statement.execute("PRAGMA user_version = " + VERSION);
      }
    }
    connection.commit();
  }

  private static long number(Statement statement, String sql) throws SQLException {
    try (ResultSet result = statement.executeQuery(sql)) {
      return result.next() ? result.getLong(1) : 0;
    }
  }

  Extent extent() throws SQLException {
    String sql =
        "SELECT ifnull((SELECT min(id) FROM event), 0), ifnull((SELECT max(id) FROM event), -1),"
            + " earliest, latest FROM extent";
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      Extent extent = new Extent(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4));
      connection.commit();
      return extent;
    }
  }

  /** One event, with its id. */
  record Row(long id, EventRecord record) {}

  /** Inserts all in one transaction; one that is there already is left out. */
  void insert(List<Row> rows) throws SQLException {
    long earliest = Long.MAX_VALUE;
    long latest = Long.MIN_VALUE;
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      for (Row row : rows) {
        bind(insert, row);
        insert.executeUpdate();
        long time = EventRecord.micros(row.record().event().time());
        earliest = Math.min(earliest, time);
        latest = Math.max(latest, time);
      }
      try (PreparedStatement update =
          connection.prepareStatement(
              "UPDATE extent SET earliest = min(earliest, ?), latest = max(latest, ?)")) {
        update.setLong(1, earliest);
        update.setLong(2, latest);
        update.executeUpdate();
      }
      connection.commit();
    } catch (SQLException e) {
      try {
        connection.rollback();
      } catch (SQLException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  private static void bind(PreparedStatement to, Row row) throws SQLException {
    Event event = row.record().event();
    to.setLong(1, row.id());
    to.setLong(2, EventRecord.micros(event.time()));
    to.setLong(3, EventRecord.micros(event.received()));
    to.setString(4, event.node());
    to.setInt(5, event.facility());
    to.setInt(6, event.severity());
    to.setString(7, event.app());
    to.setString(8, event.type());
    to.setString(9, json(event.fields()));
    to.setString(10, event.text());
    Event.Origin origin = event.origin();
    if (origin == null) {
      to.setNull(11, Types.VARCHAR);
      to.setNull(12, Types.INTEGER);
      to.setNull(13, Types.VARCHAR);
    } else {
      to.setString(11, origin.spool());
      to.setLong(12, origin.seq());
      to.setString(13, origin.boot());
    }
    to.setBytes(14, row.record().raw());
  }

  private static @Nullable String json(Map<String, String> fields) {
    try {
      return fields.isEmpty() ? null : JSON.writeValueAsString(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("BUG: fields that cannot be JSON", e);
    }
  }

  /** The highest number of each spool, as node, spool and number. */
  void forEachSpool(SpoolVisitor visitor) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT node, spool, max(seq) FROM event WHERE seq > 0 GROUP BY node, spool")) {
      while (row.next()) {
        visitor.visit(text(row, 1), text(row, 2), row.getLong(3));
      }
    }
    connection.commit();
  }

  interface SpoolVisitor {
    void visit(String node, String spool, long seq);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }

  /**
   * Gives what the query may match to {@code take}, newest first, until that says false. SQL
   * narrows, {@code query.matches} decides.
   *
   * @param before only ids below this
   * @param isTooLate asked now and then; the search then throws {@link TooLongException}
   */
  static void search(
      Path path,
      EventQuery query,
      long before,
      BooleanSupplier isTooLate,
      Predicate<StoredEvent> take)
      throws SQLException {
    StringBuilder sql = new StringBuilder(SELECT).append("id < ? AND time >= ? AND time < ?");
    List<Object> values = new ArrayList<>();
    values.add(before);
    values.add(EventRecord.micros(query.since()));
    // Rounded up: microseconds are what is kept, nanoseconds what is asked.
    values.add(EventRecord.micros(query.until()) + 1);
    for (LabelMatcher matcher : query.matchers()) {
      narrow(matcher, sql, values);
    }
    for (String word : query.words()) {
      if (word.chars().allMatch(c -> c < 128)) {
        // Unlike LIKE, this goes on behind a NUL and knows no wildcards.
        sql.append(" AND instr(lower(text), ?) > 0");
        values.add(word);
      }
    }
    sql.append(" ORDER BY id DESC");
    SQLiteConfig config = new SQLiteConfig();
    config.setOpenMode(SQLiteOpenMode.READONLY);
    config.resetOpenMode(SQLiteOpenMode.READWRITE);
    config.resetOpenMode(SQLiteOpenMode.CREATE);
    config.setBusyTimeout(5_000);
    try (Connection connection = config.createConnection("jdbc:sqlite:" + path)) {
      ProgressHandler.setHandler(
          connection,
          10_000,
          new ProgressHandler() {
            @Override
            protected int progress() {
              return isTooLate.getAsBoolean() ? 1 : 0;
            }
          });
      try (PreparedStatement select = connection.prepareStatement(sql.toString())) {
        for (int i = 0; i < values.size(); i++) {
          select.setObject(i + 1, values.get(i));
        }
        try (ResultSet row = select.executeQuery()) {
          while (row.next()) {
            if (isTooLate.getAsBoolean()) {
              throw new TooLongException();
            }
            StoredEvent stored = stored(row);
            if (query.matches(stored.event()) && !take.test(stored)) {
              return;
            }
          }
        }
      }
    } catch (SQLiteException e) {
      if (e.getResultCode() == SQLiteErrorCode.SQLITE_INTERRUPT) {
        throw new TooLongException();
      }
      throw e;
    }
  }

  private static void narrow(LabelMatcher matcher, StringBuilder sql, List<Object> values) {
    if (matcher.op() != LabelMatcher.Op.EQUAL || matcher.value().isEmpty()) {
      return;
    }
    String name = matcher.name();
    switch (name) {
      case "node", "app" -> sql.append(" AND ").append(name).append(" = ?");
      case "type" -> {
        // Said in these words, or SQLite doesn't see that its index fits.
        boolean own = !matcher.value().equals("syslog");
        sql.append(own ? " AND type <> 'syslog' AND type = ?" : " AND type = ?");
      }
      case "severity" -> {
        sql.append(" AND severity = ?");
        values.add(EventQuery.SEVERITIES.indexOf(matcher.value()));
        return;
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

  /** One event of the file; null where it has none with this id. */
  static @Nullable StoredEvent find(Path path, long id) throws SQLException {
    List<StoredEvent> found = new ArrayList<>(1);
    EventQuery any = new EventQuery(Instant.MIN, Instant.MAX, List.of(), "", 1, "");
    search(
        path,
        any,
        id + 1,
        () -> false,
        stored -> {
          found.add(stored);
          return false;
        });
    return found.isEmpty() || !found.get(0).id().equals(Long.toString(id)) ? null : found.get(0);
  }

  private static StoredEvent stored(ResultSet row) throws SQLException {
    String spool = row.getString(11);
    Event.Origin origin =
        spool == null ? null : new Event.Origin(spool, row.getLong(12), text(row, 13));
    return new StoredEvent(
        Long.toString(row.getLong(1)),
        new Event(
            EventRecord.micros(row.getLong(2)),
            EventRecord.micros(row.getLong(3)),
            text(row, 4),
            row.getInt(5),
            row.getInt(6),
            text(row, 7),
            text(row, 8),
            fields(row.getString(9)),
            text(row, 10),
            origin));
  }

  private static String text(ResultSet row, int column) throws SQLException {
    String text = row.getString(column);
    return text == null ? "" : text;
  }

  private static Map<String, String> fields(@Nullable String json) throws SQLException {
    if (json == null) {
      return Map.of();
    }
    try {
      return JSON.readValue(json, FIELDS);
    } catch (JsonProcessingException e) {
      throw new SQLException("the fields of an event are no JSON object", e);
    }
  }

  /** Whether the exception says that the file itself is damaged. */
  static boolean isCorrupt(SQLException e) {
    if (!(e instanceof SQLiteException sqlite)) {
      return false;
    }
    int code = sqlite.getResultCode().code & 0xff;
    return code == SQLiteErrorCode.SQLITE_CORRUPT.code
        || code == SQLiteErrorCode.SQLITE_NOTADB.code;
  }

  /** A newer collector wrote the file. */
  static final class NewerException extends Exception {
    private static final long serialVersionUID = 1;

    NewerException(String message) {
      super(message);
    }
  }

  /** The search took longer than it may. */
  static final class TooLongException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
