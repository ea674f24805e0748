package vigie.collector.store.event;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Reads what can be read of the events in a damaged {@link DayFile}, in the order of ids. Where a
 * page is damaged, the ids behind the last one read are halved until what lies on it is left out.
 */
final class Salvage implements AutoCloseable {
  private static final int MOST_FAULTS = 100_000;

  private final Connection connection;
  private final ArrayDeque<Range> left = new ArrayDeque<>();
  private final long grain;
  private @Nullable PreparedStatement select;
  private @Nullable ResultSet rows;
  private Range range;
  private int faults;

  private record Range(long first, long last) {}

  private Salvage(Connection connection, Range all) {
    this.connection = connection;
    this.range = all;
    // Imported ids are far apart.
    this.grain = Math.max(1, (all.last - all.first) >> 20);
  }

  /**
   * @param last no event with a higher id is read
   * @throws SQLException if nothing can be read
   */
  static Salvage open(Path damaged, long last) throws SQLException {
    Connection connection = DaySearch.open(damaged);
    try (Statement statement = connection.createStatement();
        ResultSet ids = statement.executeQuery("SELECT min(first), max(last) FROM block")) {
      ids.next();
      return new Salvage(connection, new Range(ids.getLong(1), Math.min(last, ids.getLong(2))));
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** The next event; null at the end. */
  EventRows.@Nullable Row next() {
    while (true) {
      try {
        ResultSet from = rows == null ? select() : rows;
        rows = from;
        if (from.next()) {
          EventRows.Row row = EventRows.copy(from);
          range = new Range(row.id() + 1, range.last);
          return row;
        }
        deselect();
        Range next = left.poll();
        if (next == null) {
          return null;
        }
        range = next;
      } catch (SQLException e) {
        deselect();
        if (++faults > MOST_FAULTS) {
          left.clear();
          range = new Range(1, 0);
        } else {
          leaveOut();
        }
      }
    }
  }

  private ResultSet select() throws SQLException {
    String sql =
        "SELECT " + EventRows.WITH_RAW + " FROM event WHERE id >= ? AND id <= ? ORDER BY id";
    PreparedStatement prepared = connection.prepareStatement(sql);
    select = prepared;
    prepared.setLong(1, range.first);
    prepared.setLong(2, range.last);
    return prepared.executeQuery();
  }

  private void deselect() {
    try {
      rows = null;
      if (select != null) {
        select.close();
      }
    } catch (SQLException e) {
      faults++;
    }
    select = null;
  }

  /** The rest of the range has something that cannot be read, perhaps at once. */
  private void leaveOut() {
    long length = range.last - range.first;
    if (length < grain) {
      Range next = left.poll();
      range = next == null ? new Range(1, 0) : next;
    } else {
      long middle = range.first + length / 2;
      left.push(new Range(middle + 1, range.last));
      range = new Range(range.first, middle);
    }
  }

  /** Whether all events that the file ever had were read, as far as SQLite can tell. */
  boolean isWhole() {
    if (faults > 0) {
      return false;
    }
    try (Statement statement = connection.createStatement();
        ResultSet said = statement.executeQuery("PRAGMA quick_check(event)")) {
      return said.next() && "ok".equals(said.getString(1));
    } catch (SQLException e) {
      return false;
    }
  }

  @Override
  public void close() throws SQLException {
    deselect();
    connection.close();
  }
}
