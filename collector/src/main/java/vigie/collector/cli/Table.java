package vigie.collector.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;

/** Rows under a header, columns as wide as they need, cut with … where the terminal ends. */
final class Table {
  private static final String GAP = "  ";
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
   * The lines.
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
        widths[i] = Math.max(widths[i], length(row.get(i)));
      }
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : all) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(i == 0 ? "" : GAP).append(row.get(i));
        if (i < widths.length - 1) {
          line.append(" ".repeat(widths[i] - length(row.get(i))));
        }
      }
      String whole = cut(line.toString().stripTrailing(), width);
      lines.add(colour ? painted(whole, row, widths) : whole);
    }
    return lines;
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

  /** From the right, so that what is put in moves nothing that is still to come. */
  private String painted(String line, List<String> row, int[] widths) {
    StringBuilder out = new StringBuilder(line);
    for (int i = widths.length - 1; i >= 0; i--) {
      String colour = PAINTED.contains(header.get(i)) ? colourOf(row.get(i)) : "";
      int column = i * GAP.length();
      for (int k = 0; k < i; k++) {
        column += widths[k];
      }
      if (!colour.isEmpty() && column + length(row.get(i)) <= length(line)) {
        int from = line.offsetByCodePoints(0, column);
        out.insert(from + row.get(i).length(), RESET).insert(from, colour);
      }
    }
    return out.toString();
  }

  private static String colourOf(String word) {
    return switch (word) {
      case "firing", "critical", "emerg", "alert", "crit", "err", "silent" -> "\u001b[31m";
      case "pending", "warning" -> "\u001b[33m";
      case "resolved", "up" -> "\u001b[32m";
      default -> "";
    };
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  private static String cut(String line, int width) {
    if (width <= 0 || length(line) <= width) {
      return line;
    }
    return line.substring(0, line.offsetByCodePoints(0, width - 1)) + "…";
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
        out.append(String.format("\\x%02x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
