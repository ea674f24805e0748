package vigie.collector.graph;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Draws series over time as a PNG, with axes, a limit and a legend, on a dark ground that can be
 * read in a dark and in a light surrounding. The same input gives the same bytes. No AWT, so that
 * it runs where a Java without it runs.
 */
public final class PngGraph {
  /** What a caller may let it draw; of more series the legend says how many. */
  public static final int MOST_SERIES = 8;

  private static final int WIDTH = 720;
  private static final int HEIGHT = 360;
  private static final int MARGIN = 18;
  private static final double TEXT = 15;
  private static final int LINE = 30;
  private static final int LONGEST_NAME = 60;
  private static final int MOST_LEGEND_LINES = 2;
  private static final int MORE = 60;

  private static final int GROUND = 0x1f2227;
  private static final int GRID = 0x343840;
  private static final int INK = 0xd3d6dc;
  private static final int FAINT = 0x9a9fa9;
  private static final int LIMIT = 0xff5c57;
  private static final int[] COLOURS = {
    0x5cb2ff, 0xffb547, 0x52d69a, 0xc49bff, 0xff8fb1, 0x45d8d2, 0xe3dc5b, 0xb3b9c4
  };

  private final List<Line> lines;
  private final int notDrawn;
  private final Options options;
  private final Canvas canvas = new Canvas(WIDTH, HEIGHT, GROUND);
  private final Scale scale;
  private int legendRows;
  private int left;
  private int top;
  private int right;
  private int bottom;

  /**
   * One series.
   *
   * @param name for the legend; may hold anything
   * @param timesMillis rising
   * @param values as many; what is not finite is a gap
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Line(String name, long[] timesMillis, double[] values) {}

  /**
   * What is drawn beside the series.
   *
   * @param title above; {@code ""} for none
   * @param unit of the values
   * @param fromMillis the left edge
   * @param toMillis the right edge, after the left one
   * @param stepMillis how far apart samples are: where more is missing there is a gap
   * @param limit the value from which on it is bad; NaN for none
   * @param eventMillis a moment to mark, such as when an alert began; 0 for none
   * @param zone of the clock times below
   */
  public record Options(
      String title,
      Unit unit,
      long fromMillis,
      long toMillis,
      long stepMillis,
      double limit,
      long eventMillis,
      ZoneId zone) {
    public Options {
      if (fromMillis >= toMillis || stepMillis <= 0) {
        throw new IllegalArgumentException(
            "from " + fromMillis + " to " + toMillis + " in steps of " + stepMillis + " ms");
      }
    }
  }

  private PngGraph(List<Line> series, Options options) {
    this.lines = List.copyOf(series.subList(0, Math.min(MOST_SERIES, series.size())));
    this.notDrawn = series.size() - lines.size();
    this.options = options;
    this.scale = Scale.of(lines, options);
  }

  /** The bytes of a PNG file, 720 by 360 pixels. */
  public static byte[] draw(List<Line> series, Options options) {
    PngGraph graph = new PngGraph(series, options);
    graph.frame();
    graph.event();
    graph.limit();
    for (int i = graph.lines.size() - 1; i >= 0; i--) {
      graph.line(graph.lines.get(i), COLOURS[i % COLOURS.length]);
    }
    return Png.write(graph.canvas.pixels(), WIDTH, HEIGHT);
  }

  /** Title, axes, grid and legend; settles where the plot is. */
  private void frame() {
    top = MARGIN;
    if (!options.title.isBlank()) {
      text(fitting(options.title, WIDTH - 2.0 * MARGIN), MARGIN, MARGIN + TEXT, INK);
      top += LINE;
    }
    top += 6;
    List<Double> ticks = Ticks.values(scale.least, scale.most, options.unit, 5);
    double widest = 0;
    for (double tick : ticks) {
      widest = Math.max(widest, StrokeFont.width(options.unit.format(tick), TEXT));
    }
    left = MARGIN + (int) Math.ceil(widest) + 10;
    right = WIDTH - MARGIN;
    bottom = HEIGHT - MARGIN - LINE - legend(false);
    for (double tick : ticks) {
      int y = (int) Math.round(y(tick));
      canvas.rectangle(left, y, right, y + 1, GRID);
      String label = options.unit.format(tick);
      text(label, left - 10 - StrokeFont.width(label, TEXT), y + TEXT / 2, FAINT);
    }
    timeAxis();
    legend(true);
  }

  private void timeAxis() {
    long span = options.toMillis - options.fromMillis;
    long step = Ticks.timeStepMillis(options.fromMillis, options.toMillis, 7);
    String pattern = step >= 86_400_000L ? "MM-dd" : step < 60_000 ? "HH:mm:ss" : "HH:mm";
    if (span > 86_400_000L && step < 86_400_000L) {
      pattern = "MM-dd HH:mm";
      step = Ticks.timeStepMillis(options.fromMillis, options.toMillis, 5);
    }
    DateTimeFormatter format =
        DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(options.zone);
    String zone = options.zone.getDisplayName(TextStyle.SHORT, Locale.ROOT);
    zone = zone.equals("Z") ? "UTC" : zone;
    double base = bottom + 12 + TEXT;
    text(zone, MARGIN, base, FAINT);
    double free = MARGIN + StrokeFont.width(zone, TEXT) + 12;
    for (long tick : Ticks.times(options.fromMillis, options.toMillis, step, options.zone)) {
      int x = (int) Math.round(x(tick));
      canvas.rectangle(x, top, x + 1, bottom, GRID);
      String label = format.format(Instant.ofEpochMilli(tick));
      double width = StrokeFont.width(label, TEXT);
      double at = x - width / 2;
      if (at > free && at + width <= WIDTH) {
        text(label, at, base, FAINT);
        free = at + width + 12;
      }
    }
  }

  /** How high the legend is; draws it below the times. */
  private int legend(boolean draw) {
    boolean named = lines.stream().anyMatch(line -> !line.name.isBlank());
    if (lines.isEmpty() || (!named && lines.size() == 1)) {
      return 0;
    }
    double x = MARGIN;
    int row = 0;
    double first = HEIGHT - MARGIN - 2;
    List<Runnable> drawing = new ArrayList<>();
    for (int i = 0; i < lines.size() + (notDrawn > 0 ? 1 : 0); i++) {
      boolean more = i == lines.size();
      String name =
          more ? "+ " + notDrawn : fitting(short60(lines.get(i).name), WIDTH - 4.0 * MARGIN);
      double width = StrokeFont.width(name, TEXT) + (more ? 0 : 22) + 24;
      boolean last = row + 1 == MOST_LEGEND_LINES;
      if (x > MARGIN && x + width - 24 > WIDTH - MARGIN - (last && !more ? MORE : 0)) {
        if (last) {
          double at = x;
          String rest = "+ " + (lines.size() - i + notDrawn);
          drawing.add(() -> text(rest, at, first, FAINT));
          break;
        }
        row++;
        x = MARGIN;
      }
      double at = x;
      int line = row;
      int colour = more ? FAINT : COLOURS[i % COLOURS.length];
      drawing.add(() -> entry(name, more, colour, at, line, first));
      x += width;
    }
    int rows = row + 1;
    if (draw) {
      legendRows = rows;
      drawing.forEach(Runnable::run);
    }
    return rows * LINE;
  }

  private void entry(String name, boolean more, int colour, double x, int row, double last) {
    double base = last - (legendRows - 1 - row) * (double) LINE;
    if (!more) {
      canvas.segment(x + 2, base - TEXT / 2, x + 14, base - TEXT / 2, 2.2);
      canvas.paint(colour, 1);
    }
    text(name, x + (more ? 0 : 22), base, INK);
  }

  private static String short60(String name) {
    int length = name.codePointCount(0, name.length());
    return length <= LONGEST_NAME
        ? name
        : name.substring(0, name.offsetByCodePoints(0, LONGEST_NAME - 1)) + "…";
  }

  private static String fitting(String text, double width) {
    String fitting = text.substring(0, Math.min(300, text.length()));
    if (fitting.length() == text.length() && StrokeFont.width(text, TEXT) <= width) {
      return text;
    }
    while (!fitting.isEmpty() && StrokeFont.width(fitting + "…", TEXT) > width) {
      fitting = fitting.substring(0, fitting.offsetByCodePoints(fitting.length(), -1));
    }
    return fitting + "…";
  }

  private void event() {
    if (options.eventMillis < options.fromMillis || options.eventMillis > options.toMillis) {
      return;
    }
    double x = x(options.eventMillis);
    for (double y = top; y < bottom; y += 8) {
      canvas.segment(x, y, x, Math.min(bottom, y + 3), 0.9);
    }
    canvas.paint(INK, 0.8);
  }

  private void limit() {
    if (!Double.isFinite(options.limit)) {
      return;
    }
    double y = y(options.limit);
    for (double x = left; x < right; x += 14) {
      canvas.segment(x, y, Math.min(right, x + 7), y, 1);
    }
    canvas.paint(LIMIT, 1);
  }

  private void line(Line line, int colour) {
    long gap = options.stepMillis + options.stepMillis / 2;
    int size = Math.min(line.timesMillis.length, line.values.length);
    if (lines.size() == 1) {
      for (int i = 1; i < size; i++) {
        if (isDrawn(line, i - 1) && isDrawn(line, i) && !isGap(line, i, gap)) {
          canvas.below(
              x(line.timesMillis[i - 1]),
              y(line.values[i - 1]),
              x(line.timesMillis[i]),
              y(line.values[i]),
              bottom);
        }
      }
      canvas.paint(colour, 0.16);
    }
    for (int i = 0; i < size; i++) {
      if (!isDrawn(line, i)) {
        continue;
      }
      // A sample that stands alone is a dot.
      int from = i > 0 && isDrawn(line, i - 1) && !isGap(line, i, gap) ? i - 1 : i;
      canvas.segment(
          x(line.timesMillis[from]),
          y(line.values[from]),
          x(line.timesMillis[i]),
          y(line.values[i]),
          1.2);
    }
    canvas.paint(colour, 1);
  }

  private boolean isDrawn(Line line, int i) {
    return Double.isFinite(line.values[i])
        && line.timesMillis[i] >= options.fromMillis
        && line.timesMillis[i] <= options.toMillis;
  }

  private static boolean isGap(Line line, int i, long gap) {
    return line.timesMillis[i] - line.timesMillis[i - 1] > gap;
  }

  private double x(long millis) {
    double share = (double) (millis - options.fromMillis) / (options.toMillis - options.fromMillis);
    return left + share * (right - left);
  }

  private double y(double value) {
    return bottom - scale.share(value) * (bottom - top);
  }

  private void text(String text, double x, double baseline, int colour) {
    StrokeFont.draw(canvas, text, x, baseline, TEXT);
    canvas.paint(colour, 1);
  }

  /** From the least value to the greatest; zero is shown where it is near. */
  private record Scale(double least, double most) {
    static Scale of(List<Line> lines, Options options) {
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
        least = 0;
        most = options.unit.kind() == Unit.Kind.PERCENT ? 100 : 1;
      }
      // A limit far away would press the line flat.
      double size = Math.max(Math.max(Math.abs(least), Math.abs(most)), 1e-9);
      if (Double.isFinite(options.limit) && Math.abs(options.limit) <= 20 * size) {
        least = Math.min(least, options.limit);
        most = Math.max(most, options.limit);
      }
      if (least > 0 && least < most * 0.6) {
        least = 0;
      } else if (most < 0 && most > least * 0.6) {
        most = 0;
      }
      if (least == most) {
        double around = least == 0 ? 1 : Math.abs(least) / 10;
        return new Scale(least == 0 ? 0 : least - around, most + around);
      }
      double room = (most / 2 - least / 2) / 8;
      double whole =
          options.unit.kind() == Unit.Kind.PERCENT
              ? 100
              : options.unit.kind() == Unit.Kind.RATIO ? 1 : Double.POSITIVE_INFINITY;
      // Nothing is drawn above a whole that nothing passes.
      double above = most <= whole ? Math.min(whole, most + room) : most + room;
      return new Scale(least == 0 ? 0 : least - room, most == 0 ? 0 : above);
    }

    /** In two steps, since the whole may be more than a double holds. */
    double share(double value) {
      return (value / 2 - least / 2) / (most / 2 - least / 2);
    }
  }
}
