package vigie.collector.store.event;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.EventStream;
import vigie.collector.event.LineFilter;
import vigie.collector.label.LabelMatcher;

/**
 * The columns that counting needs: the bucket of time, those counted by, those that SQL alone does
 * not decide about, and last how many events there are of each. Verdicts on values are kept, since
 * they repeat.
 */
final class LeanRows {
  private static final List<String> STREAM =
      List.of("node", "facility", "severity", "app", "type", "unit");
  private static final int MOST_VERDICTS = 10_000;
  private static final int GROUP_BY = " GROUP BY ".length();

  private final EventQuery query;
  private final List<String> columns = new ArrayList<>();
  private final int[] streamAt = new int[STREAM.size()]; // 0: not asked for
  private final List<Decision> decisions = new ArrayList<>();
  private final int textAt; // 0: not needed

  /** What a matcher said of the values of a column. */
  private record Decision(LabelMatcher matcher, int at, Map<String, Boolean> verdicts) {
    boolean holds(ResultSet row) throws SQLException {
      String value = row.getString(at);
      String present = value == null ? "" : value;
      Boolean known = verdicts.get(present);
      if (known != null) {
        return known;
      }
      boolean verdict = matcher.matches(present);
      if (verdicts.size() < MOST_VERDICTS) {
        verdicts.put(present, verdict);
      }
      return verdict;
    }
  }

  LeanRows(EventQuery query, Set<String> names, EventStore.Buckets buckets) {
    this.query = query;
    // Rounded down for times before the origin, too, which is none of the buckets asked for.
    long shift = buckets.width() - 1 - buckets.origin();
    columns.add("(time + " + shift + ") / " + buckets.width() + " AS bucket");
    for (int i = 0; i < STREAM.size(); i++) {
      streamAt[i] = names.contains(STREAM.get(i)) ? at(expression(STREAM.get(i))) : 0;
    }
    for (LabelMatcher matcher : query.matchers()) {
      // Those two are numbers, and SQL decides about them.
      if (!matcher.name().equals("severity") && !matcher.name().equals("facility")) {
        decisions.add(new Decision(matcher, at(expression(matcher.name())), new HashMap<>()));
      }
    }
    boolean byText = !query.text().terms().isEmpty();
    for (LineFilter line : query.lines()) {
      byText |= !line.isNeedle();
    }
    textAt = byText ? at("text") : 0;
  }

  private int at(String expression) {
    if (!columns.contains(expression)) {
      columns.add(expression);
    }
    return columns.indexOf(expression) + 1;
  }

  private static String expression(String name) {
    return switch (name) {
      case "node", "facility", "severity", "app", "type" -> name;
      default -> {
        String path = name.replace("'", "''").replace("\"", "");
        yield path.equals(name)
            ? "json_extract(fields, '$.\"" + name + "\"')"
            : "(SELECT value FROM json_each(fields) WHERE key = '" + name.replace("'", "''") + "')";
      }
    };
  }

  String columns() {
    return String.join(", ", columns) + (textAt > 0 ? ", 1" : ", count(*)");
  }

  /** {@code ""} where each row has to be looked at. */
  String groupBy() {
    if (textAt > 0) {
      return "";
    }
    // One number is sorted in half the time that three take.
    StringBuilder by = new StringBuilder(" GROUP BY bucket * 256");
    for (String column : columns.subList(1, columns.size())) {
      switch (column) {
        case "severity" -> by.insert(GROUP_BY, "severity * 32 + ");
        case "facility" -> by.insert(GROUP_BY, "facility + ");
        default -> by.append(", ").append(column);
      }
    }
    return by.toString();
  }

  /** Adds the row if it matches; always true. */
  boolean add(ResultSet row, EventStore.Tally tally) throws SQLException {
    for (Decision decision : decisions) {
      if (!decision.holds(row)) {
        return true;
      }
    }
    if (textAt > 0 && !query.matchesText(row.getString(textAt))) {
      return true;
    }
    tally.add(
        row.getLong(1),
        new EventStream(
            text(row, 0), number(row, 1), number(row, 2), text(row, 3), text(row, 4), text(row, 5)),
        row.getLong(columns.size() + 1));
    return true;
  }

  private String text(ResultSet row, int component) throws SQLException {
    String value = streamAt[component] == 0 ? "" : row.getString(streamAt[component]);
    return value == null ? "" : value;
  }

  private int number(ResultSet row, int component) throws SQLException {
    return streamAt[component] == 0 ? 0 : row.getInt(streamAt[component]);
  }
}
