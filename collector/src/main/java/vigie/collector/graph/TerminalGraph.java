package vigie.collector.graph;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Draws series in characters, with axes. One series alone is a line of braille dots, four by two to
 * a character; of several each has its mark, and where two meet the later one is seen. Plain ASCII
 * where that is all the terminal has.
 */
public final class TerminalGraph {
  private static final String MARKS = "●○■□▲△◆◇+x";
  private static final String ASCII_MARKS = "*o+x#@%&$=";
  private static final int LEAST_WIDTH = 30;
  private static final int MOST_WIDTH = 500;
  private static final int LABEL = 9;

  /** Dots of a braille character, by row and column. */
  private static final int[][] DOTS = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

  private final int columns;
  private final int rows;
  private final boolean unicode;
  private final ZoneId zone;

  /**
   * One series.
   *
   * @param timesMillis rising
   * @param values as many; what is not finite is not drawn
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Line(long[] timesMillis, double[] values) {}

  /**
   * @param width of the whole, in characters; at least 30 are taken
   * @param height of the part with the lines
   * @param unicode whether the terminal shows more than ASCII
   */
  public TerminalGraph(int width, int height, boolean unicode, ZoneId zone) {
    this.columns = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, width)) - LABEL - 2;
    this.rows = Math.max(3, height);
    this.unicode = unicode;
    this.zone = zone;
  }

  /** How many steps a series should have, so that none falls between two places. */
  public int points() {
    return unicode ? 2 * columns : columns;
  }

  /** What stands for the series at this place in the list. */
  public String mark(int series, int count) {
    if (count == 1) {
      return unicode ? "⠶" : "*";
    }
    String marks = unicode ? MARKS : ASCII_MARKS;
    return String.valueOf(marks.charAt(series % marks.length()));
  }

  /** The lines of text, from the top; the axis of time is the last two. */
  public List<String> draw(List<Line> lines, long fromMillis, long toMillis) {
    Scale scale = Scale.of(lines);
    char[][] cells = new char[rows][columns];
    for (char[] row : cells) {
      Arrays.fill(row, ' ');
    }
    boolean dots = unicode && lines.size() == 1;
    int across = dots ? 2 * columns : columns;
    int down = dots ? 4 * rows : rows;
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      char mark = mark(i, lines.size()).charAt(0);
      for (int k = 0; k < line.values.length; k++) {
        double value = line.values[k];
        double share =
            (double) (line.timesMillis[k] - fromMillis) / Math.max(1, toMillis - fromMillis);
        if (!Double.isFinite(value) || share < 0 || share > 1) {
          continue;
        }
        int x = (int) Math.round(share * (across - 1));
        int y = (int) Math.round((1 - scale.share(value)) * (down - 1));
        if (dots) {
          char old = cells[y / 4][x / 2];
          int set = (old == ' ' ? 0x2800 : old) | DOTS[y % 4][x % 2];
          cells[y / 4][x / 2] = (char) set;
        } else {
          cells[y][x] = mark;
        }
      }
    }
    List<String> out = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      boolean labelled = row == 0 || row == rows - 1 || row == (rows - 1) / 2;
      double at = scale.value(1 - (double) row / (rows - 1));
      String label = labelled ? text(at) : "";
      out.add(
          (" ".repeat(Math.max(0, LABEL - label.length())) + label)
              + (unicode ? labelled ? " ┤" : " │" : labelled ? " +" : " |")
              + new String(cells[row]).stripTrailing());
    }
    out.add(
        " ".repeat(LABEL + 1) + (unicode ? "└" + "─".repeat(columns) : "+" + "-".repeat(columns)));
    out.add(timeAxis(fromMillis, toMillis));
    return out;
  }

  private String timeAxis(long fromMillis, long toMillis) {
    boolean days = toMillis - fromMillis > 86_400_000L;
    DateTimeFormatter format =
        DateTimeFormatter.ofPattern(days ? "MM-dd HH:mm" : "HH:mm:ss").withZone(zone);
    StringBuilder line = new StringBuilder(" ".repeat(LABEL + 2));
    String first = format.format(Instant.ofEpochMilli(fromMillis));
    String last = format.format(Instant.ofEpochMilli(toMillis));
    String middle = format.format(Instant.ofEpochMilli(fromMillis + (toMillis - fromMillis) / 2));
    int room = columns - first.length() - last.length();
    line.append(first);
    if (room > middle.length() + 2) {
      int before = (columns - middle.length()) / 2 - first.length();
      line.append(" ".repeat(before)).append(middle);
      room -= before + middle.length();
    }
    return line.append(" ".repeat(Math.max(1, room))).append(last).toString();
  }

  /**
   * A number in at most eight characters: four digits, {@code k}, {@code M}, {@code G}, {@code T}.
   */
  public static String text(double value) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    }
    double size = Math.abs(value);
    if (size >= 1e15 || (size != 0 && size < 1e-4)) {
      return String.format(Locale.ROOT, "%.2e", value);
    }
    String units = "kMGT";
    int unit = -1;
    double scaled = value;
    while (Math.abs(scaled) >= 10_000 && unit < units.length() - 1) {
      scaled /= 1000;
      unit++;
    }
    int digits =
        (int)
            Math.max(0, 3 - Math.max(-3, Math.floor(Math.log10(Math.max(1e-4, Math.abs(scaled))))));
    String text = String.format(Locale.ROOT, "%." + digits + "f", scaled);
    if (text.indexOf('.') >= 0) {
      text = text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
    return (text.equals("-0") ? "0" : text) + (unit < 0 ? "" : units.charAt(unit));
  }

  /** From the least value to the greatest; zero is shown where it is near. */
  private record Scale(double least, double most) {
    static Scale of(List<Line> lines) {
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (Line line : lines) {
        for (double value : line.values) {
          if (Double.isFinite(value)) {
            least = Math.min(least, value);
            most = Math.max(most, value);
          }
        }
      }
      if (least > most) {
        return new Scale(0, 1);
      }
      if (least > 0 && least < most / 2) {
        least = 0;
      } else if (most < 0 && most > least / 2) {
        most = 0;
      }
      if (least == most) {
        double around = least == 0 ? 1 : Math.abs(least) / 2;
        return new Scale(least - around, most + around);
      }
      return new Scale(least, most);
    }

    /** In two steps, since the whole may be more than a double holds. */
    double share(double value) {
      return (value / 2 - least / 2) / (most / 2 - least / 2);
    }

    double value(double share) {
      return least * (1 - share) + most * share;
    }
  }
}
