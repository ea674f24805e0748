package vigie.agent;

import java.io.PrintStream;
import java.util.Locale;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import vigie.base.log.LogLine;

/** Sends all logging to standard output, a line each, flushed at once. */
final class Logging {
  private Logging() {}

  /** Replaces whatever java.util.logging was set up for; from {@code level} up. */
  static void install(PrintStream out, Level level) {
    LogManager.getLogManager().reset();
    Logger root = Logger.getLogger("");
    root.setLevel(level);
    root.addHandler(new LineHandler(out));
  }

  /** The line, and below it where an error came from, each line of it begun with a blank. */
  static String format(LogRecord record) {
    StringBuilder out =
        new StringBuilder(
            LogLine.format(
                level(record.getLevel()),
                record.getLoggerName() == null ? "" : record.getLoggerName(),
                new PlainFormatter().formatMessage(record)));
    int depth = 0;
    for (Throwable t = record.getThrown(); t != null && depth < 8; t = t.getCause()) {
      out.append('\n').append(depth++ == 0 ? "  " : "  caused by ").append(oneLine(t.toString()));
      for (StackTraceElement frame : t.getStackTrace()) {
        out.append("\n    at ").append(frame);
      }
    }
    return out.toString();
  }

  private static String level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "error";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "warn";
    }
    return level.intValue() >= Level.INFO.intValue() ? "info" : "debug";
  }

  private static String oneLine(String text) {
    StringBuilder out = new StringBuilder();
    text.chars()
        .forEach(
            c -> {
              if (Character.isISOControl(c)) {
                out.append(String.format(Locale.ROOT, "\\u%04x", c));
              } else {
                out.append((char) c);
              }
            });
    return out.toString();
  }

  /** Only for {@code formatMessage}, which fills in {@code {0}}. */
  private static final class PlainFormatter extends Formatter {
    @Override
    public String format(LogRecord record) {
      return formatMessage(record);
    }
  }

  private static final class LineHandler extends Handler {
    private final PrintStream out;

    LineHandler(PrintStream out) {
      this.out = out;
    }

    @Override
    public void publish(@Nullable LogRecord record) {
      if (record != null && isLoggable(record)) {
        out.println(Logging.format(record));
        out.flush();
      }
    }

    @Override
    public void flush() {
      out.flush();
    }

    @Override
    public void close() {
      out.flush();
    }
  }
}
