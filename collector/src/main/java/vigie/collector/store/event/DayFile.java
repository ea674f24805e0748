package vigie.collector.store.event;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import vigie.collector.event.Event;
import vigie.collector.event.EventStream;
import vigie.collector.event.StoredEvent;

/**
 * The SQLite file of the events received on one day, written by one thread. Any SQLite tool reads
 * it; {@code application_id} is "VIGE", {@code user_version} the version of the tables. Beside
 * {@code event} it has:
 *
 * <pre>
 * block       up to some thousand ids in a row, with their earliest and latest event time
 * stream      what nodes, types, … there are, at most 10,000
 * event_text  full-text index (FTS5) of {@link Words}, filled later, for ids up to progress.indexed
 * </pre>
 */
final class DayFile implements AutoCloseable {
  private static final int APPLICATION_ID = 0x56494745;

  /** 1 never left the developers' machines. */
  private static final int VERSION = 2;

  /** Higher ones are damage. */
  private static final int MOST_VERSION = 99;

  private static final int BLOCK_ROWS = 4_096;
  static final int MOST_STREAMS = 10_000;

  static final String TEXT_INDEX =
      "CREATE VIRTUAL TABLE event_text USING fts5(words, content='', columnsize=0, detail=none,"
          + " tokenize='ascii')";

  private static final String[] TABLES = {
    EventRows.TABLE,
    // The agents' own events are few beside syslog; these cost a storm nothing.
    "CREATE UNIQUE INDEX event_origin ON event (node, spool, seq) WHERE seq > 0",
    "CREATE INDEX event_type ON event (type, id) WHERE type <> 'syslog'",
    "CREATE TABLE block (first INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
        + " earliest INTEGER NOT NULL, latest INTEGER NOT NULL)",
    "CREATE TABLE stream (node TEXT, facility INTEGER, severity INTEGER, app TEXT, type TEXT,"
        + " unit TEXT, PRIMARY KEY (node, facility, severity, app, type, unit)) WITHOUT ROWID",
    "CREATE TABLE progress (indexed INTEGER NOT NULL)",
    "INSERT INTO progress VALUES (0)",
    TEXT_INDEX,
    // What is gathered before it is written, so that there is less to merge.
    "INSERT INTO event_text (event_text, rank) VALUES ('hashsize', 16777216)",
    "CREATE UNIQUE INDEX event_imported ON event (imported, received) WHERE imported IS NOT NULL",
  };

  /**
   * What a file holds: ids and event times (microseconds), all ends included; where it holds
   * nothing, {@code firstId} is above {@code lastId}.
   *
   * @param indexed ids up to this are in the full-text index
   */
  record Extent(long firstId, long lastId, long earliest, long latest, long indexed) {
    boolean isEmpty() {
      return firstId > lastId;
    }

    /** Events that a search has to look at one by one. */
    long unindexed() {
      return isEmpty() ? 0 : Math.max(0, lastId - Math.max(indexed, firstId - 1));
    }
  }

  private final Connection connection;
  private final Set<EventStream> streams = new HashSet<>();
  private final Map<String, String> names = new HashMap<>();
  private long indexed;
  // The block that grows; ids behind it go on in it.
  private long blockFirst = Long.MAX_VALUE;
  private long blockLast = Long.MAX_VALUE;
  private int blockRows;

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
    // FULL: what is committed may be dropped from the receive log.
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setBusyTimeout(5_000);
    // Or each insert is followed by a statement that asks for its id.
    config.setGetGeneratedKeys(false);
    config.setTempStore(SQLiteConfig.TempStore.MEMORY);
    config.setCacheSize(-8_000);
    Connection connection = config.createConnection("jdbc:sqlite:" + path);
    try {
      try (Statement statement = connection.createStatement()) {
        // Half as many reads as by default; before the journal, or it comes too late.
        statement.execute("PRAGMA page_size = 8192");
        statement.execute("PRAGMA journal_mode = WAL");
      }
      connection.setAutoCommit(false);
      prepare(connection, path);
      DayFile file = new DayFile(connection);
      file.load();
      return file;
    } catch (SQLException | NewerException e) {
      connection.close();
      throw e;
    }
  }

  private static void prepare(Connection connection, Path path)
      throws SQLException, NewerException {
    try (Statement statement = connection.createStatement()) {
      long version = number(statement, "PRAGMA user_version");
      if (version > VERSION && version <= MOST_VERSION) {
        throw new NewerException(
            path
                + " is of version "
                + version
                + ", written by a newer collector; this one reads "
                + VERSION
                + " (where none ever ran, the file is damaged: move it away)");
      }
      if (version != 0 && version != VERSION) {
        throw new DamagedException("version " + version + " never was", null);
      }
      if (version == 0) {
        for (String sql : TABLES) {
          statement.execute(sql);
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

  private void load() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      indexed = number(statement, "SELECT indexed FROM progress");
      DaySearch.readStreams(statement, this::know);
    }
    connection.commit();
  }

  Extent extent() throws SQLException {
    // Blocks tell the times, the table the ids: a file that lost its pages must not look whole.
    String sql =
        "SELECT (SELECT min(id) FROM event), (SELECT max(id) FROM event), min(earliest),"
            + " max(latest), min(first), max(last) FROM block";
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      long first = row.getLong(1);
      boolean empty = row.wasNull();
      Extent extent =
          new Extent(
              empty ? Long.MAX_VALUE : first,
              empty ? Long.MIN_VALUE : row.getLong(2),
              row.getLong(3),
              row.getLong(4),
              indexed);
      if (!empty && (first < row.getLong(5) || extent.lastId > row.getLong(6))) {
        throw new DamagedException("it has an id that was never written", null);
      }
      connection.commit();
      return extent;
    }
  }

  /**
   * Inserts all in one transaction; one that is there already is left out. Ids that the full-text
   * index has passed already are put into it at once. What the iterator throws goes through, and
   * nothing is inserted.
   *
   * @return how many were not there
   */
  int insert(Iterator<EventRows.Row> rows) throws SQLException {
    Set<EventStream> newStreams = new HashSet<>();
    int inserted = 0;
    try (PreparedStatement insert = connection.prepareStatement(EventRows.INSERT);
        PreparedStatement words = connection.prepareStatement(INSERT_WORDS);
        PreparedStatement block = connection.prepareStatement(INSERT_BLOCK)) {
      long earliest = Long.MAX_VALUE;
      long latest = Long.MIN_VALUE;
      while (rows.hasNext()) {
        EventRows.Row row = rows.next();
        Event event = row.record().event();
        EventRows.bind(insert, row);
        if (insert.executeUpdate() == 1) {
          inserted++;
          if (row.id() <= indexed) {
            insertWords(words, row.id(), Words.of(event));
          }
          EventStream stream = EventStream.of(event);
          if (!streams.contains(stream) && streams.size() + newStreams.size() < MOST_STREAMS) {
            newStreams.add(stream);
          }
        }
        if (row.id() <= blockLast || blockRows >= BLOCK_ROWS) {
          insertBlock(block, earliest, latest);
          earliest = Long.MAX_VALUE;
          latest = Long.MIN_VALUE;
          blockFirst = row.id();
          blockRows = 0;
        }
        blockLast = row.id();
        blockRows++;
        long time = EventRecord.micros(event.time());
        earliest = Math.min(earliest, time);
        latest = Math.max(latest, time);
      }
      insertBlock(block, earliest, latest);
      insertStreams(newStreams);
      connection.commit();
      newStreams.forEach(this::know);
      return inserted;
    } catch (SQLException e) {
      throw undone(e);
    } catch (RuntimeException e) {
      throw undone(e);
    }
  }

  private <E extends Exception> E undone(E e) {
    blockFirst = Long.MAX_VALUE; // it may be gone with the transaction
    blockLast = Long.MAX_VALUE;
    return rolledBack(e);
  }

  /** With one string for each name: by a profile, comparing copies was a fifth of filling. */
  private void know(EventStream stream) {
    streams.add(
        new EventStream(
            one(stream.node()),
            stream.facility(),
            stream.severity(),
            one(stream.app()),
            one(stream.type()),
            one(stream.unit())));
  }

  private String one(String name) {
    String known = names.putIfAbsent(name, name);
    return known == null ? name : known;
  }

  private static final String INSERT_BLOCK =
      "INSERT INTO block VALUES (?,?,?,?) ON CONFLICT (first) DO UPDATE SET"
          + " last = max(last, excluded.last), earliest = min(earliest, excluded.earliest),"
          + " latest = max(latest, excluded.latest)";

  /** The block that grows, as far as rows were added to it. */
  private void insertBlock(PreparedStatement put, long earliest, long latest) throws SQLException {
    if (earliest > latest) {
      return;
    }
    put.setLong(1, blockFirst);
    put.setLong(2, blockLast);
    put.setLong(3, earliest);
    put.setLong(4, latest);
    put.executeUpdate();
  }

  private void insertStreams(Set<EventStream> fresh) throws SQLException {
    if (fresh.isEmpty()) {
      return;
    }
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT OR IGNORE INTO stream VALUES (?,?,?,?,?,?)")) {
      for (EventStream stream : fresh) {
        insert.setString(1, stream.node());
        insert.setInt(2, stream.facility());
        insert.setInt(3, stream.severity());
        insert.setString(4, stream.app());
        insert.setString(5, stream.type());
        insert.setString(6, stream.unit());
        insert.executeUpdate();
      }
    }
  }

  static final String INSERT_WORDS =
      "INSERT INTO event_text (rowid, words) VALUES (?, CAST(? AS TEXT))";

  private static void insertWords(PreparedStatement to, long id, byte[] words) throws SQLException {
    to.setLong(1, id);
    to.setBytes(2, words);
    to.executeUpdate();
  }

  /**
   * Puts the oldest events that are not in the full-text index into it, in one transaction.
   *
   * @return how many
   */
  int index(int most) throws SQLException {
    String sql = "SELECT " + EventRows.WORDS + " FROM event WHERE id > ? ORDER BY id LIMIT " + most;
    int count = 0;
    long last = indexed;
    try (PreparedStatement select = connection.prepareStatement(sql);
        PreparedStatement words = connection.prepareStatement(INSERT_WORDS);
        PreparedStatement progress =
            connection.prepareStatement("UPDATE progress SET indexed = ?")) {
      select.setLong(1, indexed);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          last = row.getLong(1);
          insertWords(words, last, EventRows.words(row));
          count++;
        }
      }
      progress.setLong(1, last);
      progress.executeUpdate();
      connection.commit();
      indexed = last;
      return count;
    } catch (SQLException e) {
      throw rolledBack(e);
    }
  }

  private <E extends Exception> E rolledBack(E e) {
    try {
      connection.rollback();
    } catch (SQLException again) {
      e.addSuppressed(again);
    }
    return e;
  }

  /** Those that the file has: the same id and receipt, or the same number of the same spool. */
  List<StoredEvent> received(Collection<StoredEvent> events) throws SQLException {
    String sql = "SELECT EXISTS (SELECT 1 FROM event WHERE id = ? AND received = ?)" + OR_ORIGIN;
    return known(events, sql, (select, event) -> select.setLong(1, Ids.parse(event.id())));
  }

  /** Those that the file, one of imported events, has: the same by the same tokens. */
  List<StoredEvent> imported(Collection<StoredEvent> events) throws SQLException {
    String sql =
        "SELECT EXISTS (SELECT 1 FROM event WHERE imported = ? AND received = ?)" + OR_ORIGIN;
    return known(events, sql, (select, event) -> select.setString(1, event.id()));
  }

  private static final String OR_ORIGIN =
      " OR EXISTS (SELECT 1 FROM event WHERE node = ? AND spool = ? AND seq = ? AND seq > 0)";

  private interface BindId {
    void bind(PreparedStatement select, StoredEvent event) throws SQLException;
  }

  private List<StoredEvent> known(Collection<StoredEvent> events, String sql, BindId bindId)
      throws SQLException {
    List<StoredEvent> known = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (StoredEvent stored : events) {
        Event event = stored.event();
        Event.Origin origin = event.origin();
        bindId.bind(select, stored);
        select.setLong(2, EventRecord.micros(event.received()));
        select.setString(3, event.node());
        select.setString(4, origin == null ? "" : origin.spool());
        select.setLong(5, origin == null ? 0 : origin.seq());
        try (ResultSet row = select.executeQuery()) {
          if (row.next() && row.getBoolean(1)) {
            known.add(stored);
          }
        }
      }
    }
    return known;
  }

  boolean hasId(long id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT 1 FROM event WHERE id = ?")) {
      select.setLong(1, id);
      try (ResultSet row = select.executeQuery()) {
        return row.next();
      }
    }
  }

  /** The highest number of each spool, as node, spool and number. */
  void forEachSpool(SpoolVisitor visitor) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT node, spool, max(seq) FROM event WHERE seq > 0 GROUP BY node, spool")) {
      while (row.next()) {
        visitor.visit(row.getString(1), row.getString(2), row.getLong(3));
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

  /** Whether the exception says that the file itself is damaged. */
  static boolean isCorrupt(SQLException e) {
    if (e instanceof DamagedException) {
      return true;
    }
    int code = codeOf(e);
    return code == SQLiteErrorCode.SQLITE_CORRUPT.code
        || code == SQLiteErrorCode.SQLITE_NOTADB.code
        || (code == SQLiteErrorCode.SQLITE_NOMEM.code && hasMemory());
  }

  /**
   * Whether SQLite gets memory where it asks for some: then the memory that it did not get was of a
   * size that a damaged page of the full-text index told it.
   */
  private static boolean hasMemory() {
    try (Connection nothing = DriverManager.getConnection("jdbc:sqlite::memory:");
        Statement statement = nothing.createStatement();
        ResultSet row = statement.executeQuery("SELECT length(randomblob(16777216))")) {
      return row.next();
    } catch (SQLException noMemory) {
      return false;
    }
  }

  /**
   * The same of one that opening threw: a whole file lacks no table and has none twice, and its
   * header asks for nothing that SQLite has not.
   */
  static boolean isCorruptAtOpening(SQLException e, Path path) {
    int code = codeOf(e);
    return isCorrupt(e)
        || code == SQLiteErrorCode.SQLITE_ERROR.code
        || (code == SQLiteErrorCode.SQLITE_READONLY.code && Files.isWritable(path));
  }

  private static int codeOf(SQLException e) {
    return e instanceof SQLiteException sqlite ? sqlite.getResultCode().code & 0xff : -1;
  }

  /** A row has what was never written. */
  static final class DamagedException extends SQLException {
    private static final long serialVersionUID = 1;

    DamagedException(String message, @Nullable Exception cause) {
      super(message, cause);
    }
  }

  /** A newer collector wrote the file. */
  static final class NewerException extends Exception {
    private static final long serialVersionUID = 1;

    NewerException(String message) {
      super(message);
    }
  }
}
