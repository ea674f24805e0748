package vigie.collector.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;

/** Rows under a header, columns as wide as they need, cut with … where the terminal ends. */
final class Table {
  private static final int GAP = 2;

  /** What is left of a column at least: a few letters and …; of the last one enough to be read. */
  private static final int LEAST = 4;

  private static final int LEAST_LAST = 16;
  private static final Set<String> PAINTED = Set.of("STATE", "SEVERITY");
  private static final String RESET = "\u001b[0m";
  private final List<String> header;
  private final List<List<String>> rows = new ArrayList<>();

  Table(List<String> header) {
    this.header = List.copyOf(header);
  }

  List<String> header() {
    return header;
  }

  List<List<String>> rows() {
    return rows;
  }

  void add(List<String> cells) {
    if (cells.size() != header.size()) {
      throw new IllegalStateException(
          "BUG: " + cells.size() + " cells under " + header.size() + " headings");
    }
    rows.add(cells.stream().map(Table::printable).toList());
  }

  /** Sorts by a column, numbers as numbers; false if there is no such column. */
  boolean sortBy(String column) {
    int index = -1;
    for (int i = 0; i < header.size(); i++) {
      if (header.get(i).equalsIgnoreCase(column)) {
        index = i;
      }
    }
    if (index < 0) {
      return false;
    }
    int by = index;
    rows.sort((a, b) -> compare(a.get(by), b.get(by)));
    return true;
  }

  private static int compare(String a, String b) {
    try {
      return Double.compare(Double.parseDouble(a), Double.parseDouble(b));
    } catch (NumberFormatException e) {
      return a.compareTo(b);
    }
  }

  /**
   * The lines. Where they are too long the last column is cut first, then whichever is widest.
   *
   * @param width of the terminal; 0 for no limit
   * @param colour whether states and severities have ANSI colours
   */
  List<String> lines(boolean withHeader, int width, boolean colour) {
    List<List<String>> all = new ArrayList<>();
    if (withHeader) {
      all.add(header);
    }
    all.addAll(rows);
    int[] widths = new int[header.size()];
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], TextWidth.of(row.get(i)));
      }
    }
    boolean fits = width <= 0 || fit(widths, width);
    List<String> lines = new ArrayList<>();
    for (List<String> row : all) {
      String line = line(row, widths, colour && fits && row != header);
      lines.add(fits ? line : TextWidth.cut(line, width));
    }
    return lines;
  }

  private String line(List<String> row, int[] widths, boolean colour) {
    StringBuilder line = new StringBuilder();
    int missing = 0; // columns that the next cell that is not empty is away
    for (int i = 0; i < widths.length; i++) {
      String cell = TextWidth.cut(row.get(i), widths[i]);
      if (!cell.isEmpty()) {
        String paint = colour && PAINTED.contains(header.get(i)) ? colourOf(row.get(i)) : "";
        line.append(" ".repeat(missing)).append(paint).append(cell);
        line.append(paint.isEmpty() ? "" : RESET);
        missing = 0;
      }
      missing += widths[i] - TextWidth.of(cell) + GAP;
    }
    return line.toString();
  }

  /** Makes the columns narrower until they fit; false if they can't be made to. */
  private boolean fit(int[] widths, int width) {
    int last = widths.length - 1;
    int over = Arrays.stream(widths).sum() + GAP * last - width;
    int given = Math.max(0, Math.min(over, widths[last] - LEAST_LAST));
    widths[last] -= given;
    over -= given;
    for (; over > 0; over--) {
      int widest = 0;
      for (int i = 0; i < widths.length; i++) {
        widest = widths[i] > widths[widest] ? i : widest;
      }
      if (widths[widest] <= LEAST) {
        return false;
      }
      widths[widest]--;
    }
    return true;
  }

  /** The lines as CSV, as RFC 4180 quotes cells; the header in lower case. */
  List<String> csv(boolean withHeader) {
    List<String> lines = new ArrayList<>();
    if (withHeader) {
      lines.add(String.join(",", header).toLowerCase(Locale.ROOT));
    }
    for (List<String> row : rows) {
      StringJoiner line = new StringJoiner(",");
      for (String cell : row) {
        boolean plain = cell.indexOf(',') < 0 && cell.indexOf('"') < 0;
        line.add(plain ? cell : '"' + cell.replace("\"", "\"\"") + '"');
      }
      lines.add(line.toString());
    }
    return lines;
  }

  private static String colourOf(String word) {
    return switch (word) {
      case "firing", "flapping", "critical", "emerg", "alert", "crit", "err", "lost" ->
          "\u001b[31m";
      case "pending", "acknowledged", "warning", "rebooting", "stopped" -> "\u001b[33m";
      case "resolved", "up", "active" -> "\u001b[32m";
      default -> "";
    };
  }

  /**
   * Text from the network is data: what could drive a terminal or turn the line around is shown as
   * {@code \xNN}.
   */
  static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        out.append("\\n");
      } else if (Character.isISOControl(c)
          || Character.getType(c) == Character.FORMAT
          || c == '\u2028'
          || c == '\u2029') {
        out.append(String.format(Locale.ROOT, "\\x%02x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
