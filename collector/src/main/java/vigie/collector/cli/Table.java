package vigie.collector.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows under a header, columns as wide as they need, cut with … where the terminal ends. */
final class Table {
  private static final String GAP = "  ";
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
   */
  List<String> lines(boolean withHeader, int width) {
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
      lines.add(cut(line.toString().stripTrailing(), width));
    }
    return lines;
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

  /** Text from the network is data: what could drive a terminal is shown as {@code \xNN}. */
  static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        out.append("\\n");
      } else if (Character.isISOControl(c) || c == '\u202e' || c == '\u2028' || c == '\u2029') {
        out.append(String.format("\\x%02x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
